import StorageBase

/// Dates and times as people write them in conditions.
package enum CalendarText {
  static let microsecondsPerDay: Int64 = 86_400_000_000

  /// Microseconds since 1970-01-01 UTC of `YYYY-MM-DD`, optionally followed by a space or `T` and
  /// `HH:MM:SS` with up to six digits of fraction; nil for anything else.
  package static func microseconds(of text: String) -> Int64? {
    let halves = text.split(
      maxSplits: 1, omittingEmptySubsequences: false, whereSeparator: { $0 == " " || $0 == "T" })
    guard let date = halves.first else { return nil }
    let fields = date.split(separator: "-", omittingEmptySubsequences: false)
    guard fields.count == 3, let year = digits(fields[0], count: 4),
      let month = digits(fields[1], count: 2), let day = digits(fields[2], count: 2),
      let civil = CivilDate(year: year, month: month, day: day)
    else { return nil }
    let midnight = Int64(civil.daysSinceEpoch) * microsecondsPerDay
    guard halves.count == 2 else { return midnight }
    guard let time = timeOfDay(halves[1]) else { return nil }
    return midnight + time
  }

  private static func timeOfDay(_ text: Substring) -> Int64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard let clock = parts.first, parts.count <= 2 else { return nil }
    let fields = clock.split(separator: ":", omittingEmptySubsequences: false)
    guard fields.count == 3, let hour = digits(fields[0], count: 2), hour < 24,
      let minute = digits(fields[1], count: 2), minute < 60,
      let second = digits(fields[2], count: 2), second < 60
    else { return nil }
    var fraction = 0
    if parts.count == 2 {
      let count = parts[1].utf8.count
      guard (1...6).contains(count), let value = digits(parts[1], count: count) else { return nil }
      fraction = value * Int(powerOfTen(6 - count))
    }
    return Int64((hour * 60 + minute) * 60 + second) * 1_000_000 + Int64(fraction)
  }

  private static func digits(_ text: Substring, count: Int) -> Int? {
    guard text.utf8.count == count, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }
}
