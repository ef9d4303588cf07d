import ScanKernels
import StorageBase

/// A rule that rows must keep, and what becomes of those that do not. As with constraints of SQL, a
/// null breaks none but `notNull`.
public struct CleaningRule: Hashable, Sendable {
  public enum Test: Hashable, Sendable {
    case notNull
    /// Ends included; nil for an open one.
    case range(low: Literal?, high: Literal?)
    /// Unicode scalars of a text.
    case length(min: Int, max: Int)
    case oneOf([Literal])
    /// As `Predicate.like`.
    case like(String)
    case characters(Characters)
    /// A date or datetime from so many microseconds before now to so many after; nil for any.
    case within(past: Int64?, future: Int64?)
    /// A condition on the whole row; the rule has no column.
    case satisfies(RowExpression)
  }

  /// What texts are made of.
  public enum Characters: String, Hashable, Sendable, CaseIterable {
    case digits, letters, alphanumeric
    /// Bytes 0 to 127.
    case ascii
    /// No control characters; letters of all scripts.
    case printable
  }

  public enum Action: Hashable, Sendable {
    /// The row goes without a trace.
    case drop
    /// The row goes to the dead letters.
    case divert
    /// The value is replaced.
    case fix(Literal)
    /// The value becomes the nearest allowed one: an end of the range or of the time, a text cut.
    case clamp
  }

  public var name: String
  /// Nil for a condition on the whole row.
  public var column: String?
  public var test: Test
  public var action: Action

  public init(_ name: String, column: String? = nil, _ test: Test, _ action: Action = .divert) {
    self.name = name
    self.column = column
    self.test = test
    self.action = action
  }
}
