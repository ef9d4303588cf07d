import StorageBase

/// A constant as a person writes it, before it is fitted to the type of a column.
///
/// Integers, decimals and floating-point numbers compare with every numeric column; a string
/// compares with a string column, and with a date or datetime column when it is an ISO 8601 date or
/// datetime, as `ValueText` reads them. A floating-point number compared with a decimal column
/// counts as the shortest decimal that prints it, so `12.34` is exactly 12.34.
public enum Literal: Hashable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int128)
  /// `unscaled` divided by 10 to the power of `scale` (0...38).
  case decimal(unscaled: Int128, scale: Int)
  case floating(Double)
  case string(String)
  /// A value as a column holds it: decimals unscaled in the column's scale, dates in days,
  /// datetimes in microseconds.
  case stored(Value)

  public var isNull: Bool { self == .null || self == .stored(.null) }
}

extension Literal: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
  public init(integerLiteral value: Int64) { self = .integer(Int128(value)) }
  public init(floatLiteral value: Double) { self = .floating(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(nilLiteral: ()) { self = .null }
}

extension Literal: CustomStringConvertible {
  /// As SQL writes it.
  public var description: String {
    switch self {
    case .null, .stored(.null): "NULL"
    case .boolean(let flag): flag ? "TRUE" : "FALSE"
    case .integer(let integer), .stored(.integer(let integer)): String(integer)
    case .decimal(let unscaled, let scale): formatDecimal(unscaled, scale: scale)
    case .floating(let number), .stored(.floating(let number)): String(number)
    case .string(let text), .stored(.string(let text)):
      "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        + "'"
    }
  }
}
