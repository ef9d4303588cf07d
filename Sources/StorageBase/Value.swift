/// One value outside the hot paths: a literal of a predicate, a bound of a zone map, a cell of a
/// result. Decimals are unscaled, dates are days and datetimes microseconds since 1970-01-01 UTC.
public enum Value: Hashable, Sendable {
  case null
  /// Every integer-like type, including bool (0 or 1), decimal, date and datetime.
  case integer(Int128)
  case floating(Double)
  case string(String)

  public var isNull: Bool { self == .null }
}

extension Value {
  /// The sort order of keys and ORDER BY: null first, then by value; NaN after every number;
  /// strings by their UTF-8 bytes.
  /// - Precondition: both values belong to columns of the same type.
  public func precedes(_ other: Value) -> Bool {
    switch (self, other) {
    case (_, .null): return false
    case (.null, _): return true
    case (.integer(let a), .integer(let b)): return a < b
    case (.floating(let a), .floating(let b)):
      if a.isNaN || b.isNaN { return !a.isNaN && b.isNaN }
      return a < b
    case (.string(let a), .string(let b)):
      return a.utf8.lexicographicallyPrecedes(b.utf8)
    default: preconditionFailure("comparing values of different types")
    }
  }
}

extension DataType {
  /// The text of `value` as CSV files and result tables show it; a null is the empty string.
  public func format(_ value: Value) -> String {
    switch (self, value) {
    case (_, .null): ""
    case (.bool, .integer(let bit)): bit == 0 ? "false" : "true"
    case (.decimal(_, let scale), .integer(let unscaled)):
      formatDecimal(unscaled, scale: scale)
    case (.date, .integer(let days)): CivilDate(daysSinceEpoch: Int(days)).description
    case (.datetime, .integer(let micros)): formatDatetime(Int64(micros))
    case (_, .integer(let integer)): String(integer)
    case (.float, .floating(let number)): String(Float(number))
    case (_, .floating(let number)): String(number)
    case (_, .string(let text)): text
    }
  }
}

/// `unscaled` with the point put before its last `scale` digits: `formatDecimal(-5, scale: 2)` is
/// `-0.05`.
public func formatDecimal(_ unscaled: Int128, scale: Int) -> String {
  guard scale > 0 else { return String(unscaled) }
  var digits = String(unscaled.magnitude)
  if digits.count <= scale {
    digits = String(repeating: "0", count: scale + 1 - digits.count) + digits
  }
  return "\(unscaled < 0 ? "-" : "")\(digits.dropLast(scale)).\(digits.suffix(scale))"
}

/// `YYYY-MM-DD HH:MM:SS` and, when there are any, six digits of microseconds.
public func formatDatetime(_ microseconds: Int64) -> String {
  let day = microseconds.flooredDivision(by: 86_400_000_000)
  // For the earliest datetimes the start of the day is below Int64.min, but not its distance.
  let rest = microseconds &- day &* 86_400_000_000
  let seconds = rest / 1_000_000
  let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60]
    .map { zeroPadded($0, width: 2) }.joined(separator: ":")
  let fraction = rest % 1_000_000
  let date = CivilDate(daysSinceEpoch: Int(day)).description
  return "\(date) \(clock)" + (fraction == 0 ? "" : "." + zeroPadded(fraction, width: 6))
}
