import ScanKernels
import StorageBase

/// A question to one table: which rows, what of them, in which order, how many.
///
///     Query.grouping(by: "region")
///       .computing(.sum("price"), as: "revenue")
///       .filtered(by: Field("day") >= "2026-01-01")
///       .ordered(by: "revenue", .descending)
///       .limited(to: 10)
///
/// Names are resolved when it runs.
public struct Query: Hashable, Sendable {
  public enum Direction: Hashable, Sendable {
    /// Nulls first.
    case ascending
    /// Nulls last.
    case descending
  }

  public struct Order: Hashable, Sendable {
    public let name: String
    public let direction: Direction
  }

  public struct NamedAggregate: Hashable, Sendable {
    public let name: String
    public let aggregate: Aggregate
  }

  public enum Output: Hashable, Sendable {
    /// These columns of each row; nil for all of them.
    case rows([String]?)
    /// One row per group: the columns that make it, then the aggregates.
    case groups(by: [String], [NamedAggregate])
  }

  public private(set) var output: Output
  /// Columns computed for this query, each from those of the table and those before it.
  public private(set) var derived: [DerivedColumn] = []
  /// Nil for every row.
  public private(set) var filter: Predicate?
  /// On the columns of the result; nil for every group.
  public private(set) var having: Predicate?
  /// The first is the most significant. Rows that tie keep the order they would have without:
  /// groups that of their keys, rows that of the segments.
  public private(set) var orders: [Order] = []
  /// The most rows to return; nil for all.
  public private(set) var limit: Int?

  private init(_ output: Output) { self.output = output }

  /// These columns of each row.
  public static func selecting(_ columns: String...) -> Query { Query(.rows(columns)) }
  public static func selecting(_ columns: [String]) -> Query { Query(.rows(columns)) }

  /// All columns of each row.
  public static func selectingAll() -> Query { Query(.rows(nil)) }

  /// One row per distinct combination of these columns; with none, one row in all.
  public static func grouping(by columns: String...) -> Query { Query(.groups(by: columns, [])) }
  public static func grouping(by columns: [String]) -> Query { Query(.groups(by: columns, [])) }

  /// One row about all rows.
  public static func computing(_ aggregate: Aggregate, as name: String? = nil) -> Query {
    Query(.groups(by: [], [])).computing(aggregate, as: name)
  }

  /// Adds an aggregate to each group.
  /// - Parameter name: of the result column; without it, the aggregate as SQL writes it.
  /// - Precondition: the query was not begun with `selecting`.
  public func computing(_ aggregate: Aggregate, as name: String? = nil) -> Query {
    guard case .groups(let columns, let aggregates) = output else {
      preconditionFailure("an aggregate belongs to a query that groups, not to one that selects")
    }
    let named = NamedAggregate(name: name ?? aggregate.description, aggregate: aggregate)
    var query = self
    query.output = .groups(by: columns, aggregates + [named])
    return query
  }

  /// Looks only at rows for which the condition is true, and those given before are too.
  public func filtered(by condition: Predicate) -> Query {
    var query = self
    query.filter = filter.map { $0 && condition } ?? condition
    return query
  }

  /// Adds a column that is computed for this query; it can be used wherever one of the table can.
  public func deriving(_ name: String, _ function: DerivedFunction) -> Query {
    var query = self
    query.derived.append(DerivedColumn(name: name, function: function))
    return query
  }

  /// Keeps only groups for which the condition on the result columns is true, and those given
  /// before are too.
  /// - Precondition: the query was not begun with `selecting`.
  public func having(_ condition: Predicate) -> Query {
    guard case .groups = output else {
      preconditionFailure("HAVING belongs to a query that groups, not to one that selects")
    }
    var query = self
    query.having = having.map { $0 && condition } ?? condition
    return query
  }

  /// Orders the result, after the orders given before.
  /// - Parameter name: a result column or, when rows are selected, any column of the table.
  public func ordered(by name: String, _ direction: Direction = .ascending) -> Query {
    var query = self
    query.orders.append(Order(name: name, direction: direction))
    return query
  }

  /// - Precondition: `count` is not negative.
  public func limited(to count: Int) -> Query {
    precondition(count >= 0, "a limit of \(count) rows")
    var query = self
    query.limit = count
    return query
  }
}
