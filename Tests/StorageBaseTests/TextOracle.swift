import StorageBase

/// Reads texts by the grammar of `ValueText`, too slowly and simply to be wrong: regular
/// expressions, strings of digits, and days counted another way.
struct TextOracle {
  private let integerForm = #/([+-]?)0*([0-9]+)/#
  private let decimalForm = #/([+-]?)([0-9]*)(?:\.([0-9]*))?/#
  private let floatingForm = #/[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/#
  private let timeForm =
    #/
    (-?)([0-9]{4,7})-([0-9]{2})-([0-9]{2})
    (?:
      [T\x20]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?
      (?:Z|([+-])([0-9]{2})(?::?([0-9]{2}))?)?
    )?
    /#

  func bool(_ text: String) -> Bool? {
    let small = text.unicodeScalars.allSatisfy(\.isASCII) ? text.lowercased() : ""
    if ["true", "t", "yes", "y", "on", "1"].contains(small) { return true }
    return ["false", "f", "no", "n", "off", "0"].contains(small) ? false : nil
  }

  func integer(_ text: String, _ range: ClosedRange<Int64>) -> Int64? {
    guard let match = text.wholeMatch(of: integerForm), match.2.utf8.count < 30,
      let value = Int128(String(match.2))
    else { return nil }
    let signed = match.1 == "-" ? -value : value
    return Int64(exactly: signed).flatMap { range.contains($0) ? $0 : nil }
  }

  func decimal(_ text: String, precision: Int, scale: Int) -> Int128? {
    guard let match = text.wholeMatch(of: decimalForm) else { return nil }
    let (whole, fraction) = (String(match.2), String(match.3 ?? ""))
    guard !whole.isEmpty || !fraction.isEmpty,
      fraction.dropFirst(scale).allSatisfy({ $0 == "0" })
    else { return nil }
    let kept = fraction.prefix(scale)
    let digits = whole + kept + String(repeating: "0", count: scale - kept.count)
    let significant = digits.drop { $0 == "0" }
    guard significant.count <= precision else { return nil }
    let value = Int128(String(significant)) ?? 0
    return match.1 == "-" ? -value : value
  }

  func double(_ text: String) -> Double? {
    if isSpecial(text) { return Double(text) }
    guard text.wholeMatch(of: floatingForm) != nil else { return nil }
    return Double(text).flatMap { $0.isFinite ? $0 : nil }
  }

  func float(_ text: String) -> Float? {
    if isSpecial(text) { return Float(text) }
    guard text.wholeMatch(of: floatingForm) != nil else { return nil }
    return Float(text).flatMap { $0.isFinite ? $0 : nil }
  }

  private func isSpecial(_ text: String) -> Bool {
    let word = text.first.map { "+-".contains($0) } ?? false ? String(text.dropFirst()) : text
    return word.utf8.count == word.count
      && ["inf", "infinity", "nan"].contains(word.lowercased())
  }

  /// The day as it is written, and the microseconds of UTC after its beginning; nil for no time.
  private func parts(_ text: String) -> (day: Int128, clock: Int128?)? {
    guard let match = text.wholeMatch(of: timeForm), let year = Int128(match.2),
      let month = Int128(match.3), let day = Int128(match.4),
      let days = Self.days(match.1 == "-" ? -year : year, month, day)
    else { return nil }
    guard let hourText = match.5, let hour = Int128(hourText), let minuteText = match.6,
      let minute = Int128(minuteText)
    else { return (days, nil) }
    let second = match.7.flatMap { Int128($0) } ?? 0
    let fraction = String((match.8 ?? "") + "000000").prefix(6)
    let (offsetHour, offsetMinute) = (Int128(match.10 ?? "0") ?? 0, Int128(match.11 ?? "0") ?? 0)
    guard hour < 24, minute < 60, second < 60, offsetHour < 24, offsetMinute < 60 else {
      return nil
    }
    let offset = (match.9 == "-" ? -1 : 1) * (offsetHour * 60 + offsetMinute)
    let seconds = (hour * 60 + minute - offset) * 60 + second
    return (days, seconds * 1_000_000 + (Int128(fraction) ?? 0))
  }

  func date(_ text: String) -> Int64? {
    guard let (days, clock) = parts(text), clock == nil else { return nil }
    return Int32(exactly: days).map { Int64($0) }
  }

  func day(_ text: String) -> Int64? {
    guard let (days, clock) = parts(text) else { return nil }
    var shift: Int128 = 0
    if let clock { shift = clock < 0 ? -1 : clock >= 86_400_000_000 ? 1 : 0 }
    return Int32(exactly: days + shift).map { Int64($0) }
  }

  func datetime(_ text: String) -> Int64? {
    guard let (days, clock) = parts(text) else { return nil }
    return Int64(exactly: days * 86_400_000_000 + (clock ?? 0))
  }

  /// The years before, with a leap day where there was one, and the lengths of the months.
  private static func days(_ year: Int128, _ month: Int128, _ day: Int128) -> Int128? {
    let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
    let lengths: [Int128] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...12).contains(month), day >= 1, day <= lengths[Int(month) - 1] else { return nil }
    // 400 years have 146 097 days; a multiple of them makes the year one after the year 1.
    let eras: Int128 = 30_000
    let before = year + eras * 400 - 1
    let total = before * 365 + before / 4 - before / 100 + before / 400
    let inYear = lengths.prefix(Int(month) - 1).reduce(0, +) + day - 1
    // 1970-01-01 is 719 162 days after 0001-01-01.
    return total + inYear - eras * 146_097 - 719_162
  }
}
