import ScanKernels
import StorageBase

/// A query whose names have been resolved against a schema.
struct QueryPlan {
  enum Output {
    /// `columns` are positions in the schema: `width` for the result, then those it is only
    /// ordered by.
    case rows(columns: [Int], width: Int)
    case groups(by: [Int], [BoundAggregate])
  }

  let schema: Schema
  let filter: BoundPredicate?
  /// On the result columns.
  let having: BoundPredicate?
  let output: Output
  let order: RowOrder
  let limit: Int?
  let resultColumns: [QueryResult.Column]

  /// - Throws: `StorageError.unknownName` and `StorageError.schemaMismatch` for what does not fit
  ///   the schema, `StorageError.alreadyExists` for two result columns of one name.
  init(_ query: Query, schema: Schema, analyzers: TextAnalyzers) throws {
    self.schema = schema
    filter = try query.filter?.bound(to: schema, analyzers: analyzers)
    limit = query.limit
    switch query.output {
    case .rows(let names):
      var columns = try names?.map(schema.requireIndex(of:)) ?? Array(schema.columns.indices)
      let width = columns.count
      resultColumns = columns.map { Self.resultColumn(schema.columns[$0]) }
      var terms: [(Int, Query.Direction)] = []
      for order in query.orders {
        let column = try schema.requireIndex(of: order.name)
        if let position = columns.firstIndex(of: column) {
          terms.append((position, order.direction))
        } else {
          terms.append((columns.count, order.direction))
          columns.append(column)
        }
      }
      order = RowOrder(terms: terms)
      output = .rows(columns: columns, width: width)
    case .groups(let names, let named):
      let keys = try names.map(schema.requireIndex(of:))
      let aggregates = try named.map { try $0.aggregate.bound(to: schema, analyzers: analyzers) }
      let results =
        keys.map { Self.resultColumn(schema.columns[$0]) }
        + zip(named, aggregates).map { named, bound in
          QueryResult.Column(name: named.name, type: bound.resultType)
        }
      order = RowOrder(terms: try Self.terms(query.orders, of: results))
      resultColumns = results
      output = .groups(by: keys, aggregates)
    }
    try Self.requireDistinct(resultColumns)
    having = try query.having?.bound(
      to: HavingFilter.schema(resultColumns), analyzers: .standard)
  }

  private static func resultColumn(_ column: Column) -> QueryResult.Column {
    QueryResult.Column(name: column.name, type: column.type)
  }

  private static func terms(
    _ orders: [Query.Order], of columns: [QueryResult.Column]
  ) throws -> [(Int, Query.Direction)] {
    try orders.map { order in
      guard let position = columns.firstIndex(where: { $0.name == order.name }) else {
        throw StorageError.unknownName(
          kind: "result column", name: order.name, known: columns.map(\.name))
      }
      return (position, order.direction)
    }
  }

  private static func requireDistinct(_ columns: [QueryResult.Column]) throws {
    var names = Set<String>()
    for column in columns where !names.insert(column.name).inserted {
      throw StorageError.alreadyExists(kind: "result column", name: column.name)
    }
  }
}
