import StorageBase

extension SQLParser {
  func number(_ text: String) throws -> SQLConstant {
    if text.utf8.contains(where: { $0 | 0x20 == 0x65 }) {
      guard let number = Double(text), number.isFinite else {
        throw error("\(text) is no number that a double can hold")
      }
      return .floating(number)
    }
    let halves = text.split(separator: ".", omittingEmptySubsequences: false)
    let fraction = halves.count == 2 ? halves[1] : ""
    guard fraction.utf8.count <= 38, let unscaled = Int128("0" + (halves.first ?? "") + fraction)
    else { throw error("\(text) has more than 38 digits") }
    return .exact(unscaled, scale: fraction.utf8.count)
  }

  /// NULL, TRUE, FALSE, DATE '…' and INTERVAL '…' unit; nil for any other word.
  mutating func constant(_ word: String) throws -> SQLConstant? {
    switch word {
    case "null":
      advance()
      return .null
    case "true", "false":
      advance()
      return .boolean(word == "true")
    case "date", "timestamp":
      guard case .string(let text) = following.kind else { return nil }
      advance()
      defer { advance() }
      if word == "timestamp" { return .string(text) }
      guard let date = CivilDate(text) else {
        throw error("'\(text)' is no date: write DATE 'YYYY-MM-DD'")
      }
      return .date(date)
    case "interval":
      switch following.kind {
      case .string, .number:
        advance()
        return try interval()
      default: return nil
      }
    default: return nil
    }
  }

  private mutating func interval() throws -> SQLConstant {
    var amount = ""
    switch next.kind {
    case .string(let text), .number(let text): amount = text
    default: break
    }
    guard let count = Int(amount), abs(count) <= 1_000_000 else {
      throw error("INTERVAL takes a whole number of days, months or years, not '\(amount)'")
    }
    advance()
    let units = [("day", (0, 1)), ("week", (0, 7)), ("month", (1, 0)), ("year", (12, 0))]
    for (unit, (months, days)) in units where take(unit) || take(unit + "s") {
      return .interval(months: count * months, days: count * days)
    }
    throw expected("DAY, WEEK, MONTH or YEAR after INTERVAL '\(amount)'")
  }
}

extension CivilDate {
  /// Parses `YYYY-MM-DD`; nil for anything else, and outside of the years 0 to 9999.
  init?(_ text: String) {
    guard let days = ValueText.date(of: text) else { return nil }
    self.init(daysSinceEpoch: Int(days))
    guard (0...9999).contains(year) else { return nil }
  }

  /// The day so many months and then days later. A day that the month does not have becomes its
  /// last one. Nil outside of the years 0 to 9999.
  func adding(months: Int, days: Int) -> CivilDate? {
    let total = year * 12 + month - 1 + months
    let targetYear = total.flooredDivision(by: 12)
    guard (0...9999).contains(targetYear) else { return nil }
    let clamped = (1...day).reversed().lazy.compactMap {
      CivilDate(year: targetYear, month: total - targetYear * 12 + 1, day: $0)
    }.first
    guard let clamped else { return nil }
    let result = CivilDate(daysSinceEpoch: clamped.daysSinceEpoch + days)
    return (0...9999).contains(result.year) ? result : nil
  }
}
