import ScanKernels
import StorageBase

/// A column that a query computes from others and then uses like one of the table's: to filter, to
/// group by, to aggregate.
public struct DerivedColumn: Hashable, Sendable {
  /// Not that of a column of the table.
  public let name: String
  public let function: DerivedFunction

  public init(name: String, function: DerivedFunction) {
    self.name = name
    self.function = function
  }
}

/// A part of a date or of the date of a datetime.
public enum DatePart: String, Hashable, Sendable, CaseIterable {
  case year, month, day
}

/// How a derived column is computed. Null where a column it needs is null.
public indirect enum DerivedFunction: Hashable, Sendable {
  /// An int32.
  case datePart(DatePart, of: String)
  /// The characters (Unicode scalars) from `start`, counted from 1, at most `length` of them.
  case substring(of: String, start: Int, length: Int?)
  /// Whether two columns of one type compare so.
  case comparison(String, Comparison, String)
  case number(Expression)
  /// The first expression whose condition is true, else the last one; null without it.
  case conditional([Branch], otherwise: Expression?)

  public struct Branch: Hashable, Sendable {
    public let condition: Predicate
    public let value: Expression

    public init(condition: Predicate, value: Expression) {
      self.condition = condition
      self.value = value
    }
  }
}

extension DerivedFunction: CustomStringConvertible {
  /// As SQL writes it.
  public var description: String {
    switch self {
    case .datePart(let part, let name): return "extract(\(part.rawValue) from \(name))"
    case .substring(let name, let start, let length):
      return "substring(\(name), \(start)\(length.map { ", \($0)" } ?? ""))"
    case .comparison(let a, let comparison, let b): return "\(a) \(comparison) \(b)"
    case .number(let expression): return "\(expression)"
    case .conditional(let branches, let otherwise):
      let whens = branches.map { "when \($0.condition) then \($0.value) " }.joined()
      return "case \(whens)\(otherwise.map { "else \($0) " } ?? "")end"
    }
  }
}
