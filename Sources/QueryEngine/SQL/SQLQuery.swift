import ScanKernels
import StorageBase
import TabletEngine

/// A statement fitted to its table: a `Query`, and what becomes of the result of that. Immutable
/// and thread-safe.
public struct SQLQuery: Sendable {
  struct Output: Sendable {
    let name: String
    let expression: ResultExpression
    var type = DataType.string
  }

  struct Order: Sendable {
    let expression: ResultExpression
    let direction: Query.Direction
  }

  /// What runs on the engine.
  public let query: Query
  /// The columns of the result of `query`.
  private let types: [DataType]
  let outputs: [Output]
  /// What is left to order by, where the query cannot; empty otherwise.
  let lateOrders: [Order]
  let limit: Int?
  let offset: Int
  /// How many rows there are to look at, those left out first included; nil for all.
  private let lastRow: Int?

  init(
    base: Query, columns: [String], types: [DataType], outputs: [Output], orders: [Order],
    limit: Int?, offset: Int
  ) {
    let names = orders.map { order in
      order.expression.orderingColumn(types).map { columns[$0] }
    }
    // Beyond what can be counted there is no limit.
    let last = limit.flatMap { limit -> Int? in
      let (sum, overflow) = limit.addingReportingOverflow(offset)
      return overflow ? nil : sum
    }
    var query = base
    let isLate = names.contains(nil)
    if !isLate {
      for (name, order) in zip(names, orders) {
        if let name { query = query.ordered(by: name, order.direction) }
      }
      if let last { query = query.limited(to: last) }
    }
    self.query = query
    self.types = types
    self.outputs = outputs
    lateOrders = isLate ? orders : []
    self.limit = limit
    lastRow = last
    self.offset = offset
  }

  /// Runs on a snapshot of its table.
  /// - Throws: what `Query.run` throws, and `StorageError.limitExceeded` for a computed result of
  ///   more than 38 digits.
  public func run(
    on table: TableSnapshot, parallelism: Parallelism = .none, indexes: IndexUse? = nil,
    isCancelled: () -> Bool = { false }
  ) throws -> TableQueryResult {
    let found = try query.run(
      on: table, parallelism: parallelism, indexes: indexes, isCancelled: isCancelled)
    return TableQueryResult(
      result: try finish(found.result), componentCounts: found.componentCounts,
      scannedTablets: found.scannedTablets)
  }

  /// Runs over segments; as `QueryExecutor.run`.
  public func run(
    over segments: [any ScanSource], schema: Schema, parallelism: Parallelism = .none,
    isCancelled: () -> Bool = { false }
  ) throws -> QueryResult {
    try finish(
      QueryExecutor.run(
        query, over: segments, schema: schema, parallelism: parallelism,
        isCancelled: isCancelled))
  }

  /// Orders what the query could not, leaves out the first rows, and computes the items.
  private func finish(_ found: QueryResult) throws -> QueryResult {
    var rows = found.rows
    if !lateOrders.isEmpty {
      let width = types.count
      rows = try rows.map { row in
        row + (try lateOrders.map { try $0.expression.value(row, types) })
      }
      let terms = lateOrders.enumerated().map {
        (position: width + $0.offset, direction: $0.element.direction)
      }
      rows = RowOrder(terms: terms).first(lastRow ?? .max, of: rows)
    }
    let kept = rows.dropFirst(offset).prefix(limit ?? .max)
    return QueryResult(
      columns: outputs.map { QueryResult.Column(name: $0.name, type: $0.type) },
      rows: try kept.map { row in try outputs.map { try $0.expression.value(row, types) } },
      work: found.work, distinctByteCount: found.distinctByteCount)
  }
}
