import StorageBase

extension Timestamp {
  /// A time as `2021-05-05 17:18:48.904`, with up to six digits of a second, taken to be UTC.
  init?(civil text: some StringProtocol) {
    let halves = text.split(separator: " ", omittingEmptySubsequences: false)
    guard halves.count == 2 else { return nil }
    let days = Self.numbers(halves[0], separator: "-")
    let seconds = halves[1].split(separator: ".", omittingEmptySubsequences: false)
    guard days.count == 3, days[0] <= 9999,
      let date = CivilDate(year: days[0], month: days[1], day: days[2]),
      (1...2).contains(seconds.count)
    else { return nil }
    let clock = Self.numbers(seconds[0], separator: ":")
    guard clock.count == 3, clock[0] < 24, clock[1] < 60, clock[2] < 60 else { return nil }
    var micros = 0
    if seconds.count == 2 {
      guard (1...6).contains(seconds[1].count), let digits = Self.number(seconds[1]) else {
        return nil
      }
      micros = (seconds[1].count..<6).reduce(digits) { value, _ in value * 10 }
    }
    let total = ((date.daysSinceEpoch * 24 + clock[0]) * 60 + clock[1]) * 60 + clock[2]
    self.init(rawValue: Int64(total * 1_000_000 + micros))
  }

  private static func numbers(_ text: some StringProtocol, separator: Character) -> [Int] {
    text.split(separator: separator, omittingEmptySubsequences: false).compactMap { number($0) }
  }

  /// Digits and nothing else, at most nine.
  private static func number(_ text: some StringProtocol) -> Int? {
    guard (1...9).contains(text.utf8.count),
      text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(text)
  }
}
