import ScanKernels
import StorageBase

/// A value computed from the columns of one row, for computed columns, filters and checks.
///
/// As in SQL, null in is null out for all but `coalesce`, `if`, `is null`, AND and OR (three-valued
/// logic). Integers and decimals are exact: sums have the greater scale, products the sum of
/// scales, and a row whose value does not fit is sent away, never wrapped or rounded; with a
/// floating-point value in it, arithmetic is in doubles. `/` gives a double, null when dividing by
/// zero. Made from Swift or from a text (`init(parsing:)`).
public indirect enum RowExpression: Hashable, Sendable {
  case column(String)
  case literal(Literal)
  case negate(RowExpression)
  case arithmetic(Operator, RowExpression, RowExpression)
  case compare(Comparison, RowExpression, RowExpression)
  /// True when empty.
  case and([RowExpression])
  /// False when empty.
  case or([RowExpression])
  case not(RowExpression)
  case isNull(RowExpression)
  case isOneOf(RowExpression, [Literal])
  /// As `Predicate.like`.
  case like(RowExpression, String)
  /// A row whose value has no counterpart in the type is sent away.
  case cast(RowExpression, DataType)
  case call(Function, [RowExpression])

  public enum Operator: String, Hashable, Sendable, CaseIterable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    /// The remainder of integers, with the sign of the dividend; null when dividing by zero.
    case remainder = "%"
  }

  public enum Function: String, Hashable, Sendable, CaseIterable {
    /// Texts one after another; null if one is. Other types count as CSV files show them.
    case concat
    /// The first argument that is not null.
    case coalesce
    /// `if(condition, a, b)`: a where the condition is true, else b; null without b.
    case `if`
    /// `nullif(a, b)`: null where a equals b, else a.
    case nullif
    /// The 26 letters of ASCII only, as lower-case ones; other bytes stay.
    case lower
    /// The 26 letters of ASCII only.
    case upper
    /// Without spaces, tabs and line ends at both ends.
    case trim
    /// `substring(text, start, length)` in Unicode scalars, `start` from 1; without a length all
    /// that follows.
    case substring
    /// The number of Unicode scalars.
    case length
    /// `date_trunc('hour', time)`: the start of its second, minute, hour, day, week (Monday),
    /// month, quarter or year.
    case dateTrunc = "date_trunc"
    case year, month, day, hour, minute
    case abs
    /// 64 bits spread evenly, the same in every run and version, of one value or several; never
    /// null. Not a secret: masks have keyed hashes.
    case hash
    /// The time the batch is worked on.
    case now
  }
}

extension RowExpression: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  public init(integerLiteral value: Int64) { self = .literal(.integer(Int128(value))) }
  public init(stringLiteral value: String) { self = .literal(.string(value)) }
}
