import QueryEngine
import ScanKernels
import StorageBase

/// Sends rows to their tables. Not thread-safe: each writer has its own.
///
/// A row goes to every table whose condition it meets; those that meet none go nowhere.
struct TableRouter {
  private struct Route {
    let name: TableName
    let condition: RowCondition?
    let deletion: RowCondition?
    /// Positions in the rows, in the order of the table.
    let columns: [Int]
    let schema: Schema
    let layout: TableLayout
    let partial: PartialWrite?
    /// Names made of values whose tables are there.
    var knownNames: Set<String> = []
  }

  /// Tables that one name with values may stand for.
  static let tableCountMax = 1000

  private var routes: [Route]
  private let tables: any TableCatalogue

  /// - Parameters:
  ///   - sinks: with each, whether it follows changes of columns.
  ///   - schema: of the rows.
  ///   - first: of the rows at the beginning, before any change of their columns.
  ///   - tables: where tables are created that are not there.
  ///   - requires: whether the table of a name has to be there, as its rows are.
  /// - Throws: `StorageError` or `SQLError` for names and conditions that do not fit the rows.
  init(
    _ sinks: [(table: SinkTable, follows: Bool)], rows schema: Schema, first: Schema,
    tables: any TableCatalogue, requiring requires: (String) -> Bool
  ) throws {
    self.tables = tables
    routes = try sinks.map { sink, follows in
      let name = try TableName(sink.name, rows: schema)
      let rows = try Self.rows(of: sink, among: schema, first: first, follows: follows)
      let route = Route(
        name: name,
        condition: try sink.condition.map { try RowCondition($0, schema: schema) },
        deletion: try sink.deletion.map { try RowCondition($0, schema: schema) },
        columns: rows.order, schema: rows.schema, layout: sink.layout, partial: sink.partial)
      if let fixed = name.fixed, requires(fixed) { try Self.require(fixed, route, tables) }
      return route
    }
  }

  private static func require(
    _ table: String, _ route: Route, _ tables: any TableCatalogue
  ) throws {
    if route.partial == nil {
      try tables.require(table, rows: route.schema, layout: route.layout)
    } else {
      try tables.requirePartial(table, rows: route.schema, layout: route.layout)
    }
  }

  /// The columns of the rows of a table: as they go there, and where they are.
  static func rows(
    of sink: SinkTable, among schema: Schema, first: Schema, follows: Bool
  ) throws -> (schema: Schema, order: [Int]) {
    var names = sink.columns ?? first.columns.map(\.name)
    if schema != first {
      if follows {
        names = names.filter { schema.index(of: $0) != nil }
        names += schema.columns.map(\.name).filter { first.index(of: $0) == nil }
      } else {
        if sink.partial != nil { names = names.filter { schema.index(of: $0) != nil } }
        try requireUnchanged(names, schema, first, sink)
      }
    }
    let kept = try Schema(
      columns: names.map { schema.columns[try schema.requireIndex(of: $0)] }, sortKeyCount: 1)
    let order = try sink.layout.columns(of: kept)
      .map { try schema.requireIndex(of: kept.columns[$0].name) }
    return (try sink.layout.definition(name: "table", rows: kept).schema, order)
  }

  private static func requireUnchanged(
    _ names: [String], _ schema: Schema, _ first: Schema, _ sink: SinkTable
  ) throws {
    for name in names {
      let old = first.columns[try first.requireIndex(of: name)]
      let new = schema.index(of: name).map { schema.columns[$0] }
      guard let new, new.type == old.type, new.isNullable == old.isNullable else {
        throw StorageError.invalidArgument(
          name: "table", value: sink.name,
          reason:
            "it does not follow changes of columns, and has column \(name), which would change"
        )
      }
    }
  }

  mutating func route(_ batch: ColumnBatch) throws -> [TableWrite] {
    var writes: [TableWrite] = []
    for place in routes.indices {
      let rows = try routes[place].condition.map { try $0.rows(of: batch) }
      let selected = rows.map { $0.setCount == batch.rowCount ? nil : $0.rowIDs() } ?? nil
      if let selected, selected.isEmpty { continue }
      if let fixed = routes[place].name.fixed {
        writes.append(try write(batch, selected, to: fixed, place))
      } else {
        writes += try writeByValue(batch, selected, place)
      }
    }
    return writes
  }

  /// - Parameter rows: nil for all.
  private func write(
    _ batch: ColumnBatch, _ rows: [UInt32]?, to table: String, _ place: Int
  ) throws -> TableWrite {
    let route = routes[place]
    let columns = route.columns.map { column in
      rows.map { batch.columns[column].gather($0) } ?? batch.columns[column]
    }
    return TableWrite(
      table: table,
      rows: ColumnBatch(
        schema: route.schema, rowCount: rows?.count ?? batch.rowCount, columns: columns),
      deletions: try deletions(batch, rows, place), partial: route.partial)
  }

  /// Of the rows that are written, those that delete; nil for none.
  private func deletions(
    _ batch: ColumnBatch, _ rows: [UInt32]?, _ place: Int
  ) throws -> Bitmap? {
    guard let all = try routes[place].deletion?.rows(of: batch), all.setCount > 0 else {
      return nil
    }
    guard let rows else { return all }
    let own = Bitmap(count: rows.count)
    for (place, row) in rows.enumerated() where all[Int(row)] { own.set(place) }
    return own.setCount > 0 ? own : nil
  }

  private mutating func writeByValue(
    _ batch: ColumnBatch, _ rows: [UInt32]?, _ place: Int
  ) throws -> [TableWrite] {
    var byName: [String: [UInt32]] = [:]
    var order: [String] = []
    for row in rows ?? Array(0..<UInt32(batch.rowCount)) {
      let name = routes[place].name.name(of: Int(row), in: batch)
      if byName[name] == nil { order.append(name) }
      byName[name, default: []].append(row)
    }
    for name in order where !routes[place].knownNames.contains(name) {
      guard routes[place].knownNames.count < Self.tableCountMax else {
        throw StorageError.limitExceeded(
          what: "the number of tables made of values", value: Self.tableCountMax + 1,
          limit: Self.tableCountMax, remedy: "use a column with fewer values, or a condition")
      }
      try Self.require(name, routes[place], tables)
      routes[place].knownNames.insert(name)
    }
    return try order.map { try write(batch, byName[$0], to: $0, place) }
  }
}
