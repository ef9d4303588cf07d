import QueryEngine
import ScanKernels
import StorageBase
import StreamTransforms

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
    /// Whether rows name their own columns.
    var isFlexible: Bool { partial?.isFlexible ?? false }
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
      try tables.requirePartial(
        table, rows: route.schema, isFlexible: route.isFlexible, layout: route.layout)
    }
  }

  /// - Parameters:
  ///   - given: by column, the rows that have it, nil for all; empty where all rows have all.
  ///   - rejected: gets rows of tables with partial rows that do not say which row they are of.
  mutating func route(
    _ batch: StreamBatch, given: [Bitmap?], rejected: inout [RejectedRow]
  ) throws -> [TableWrite] {
    var writes: [TableWrite] = []
    for place in routes.indices {
      var selection = try routes[place].condition.map { try $0.rows(of: batch.rows) }
      if routes[place].isFlexible, !given.isEmpty {
        let wanted = selection ?? Bitmap.full(count: batch.rowCount)
        selection = known(wanted, place, batch, given, &rejected)
      }
      let selected = selection.map { $0.setCount == batch.rowCount ? nil : $0.rowIDs() } ?? nil
      if let selected, selected.isEmpty { continue }
      if let fixed = routes[place].name.fixed {
        writes.append(try write(batch.rows, given, selected, to: fixed, place))
      } else {
        writes += try writeByValue(batch.rows, given, selected, place)
      }
    }
    return writes
  }

  /// Some rows without those that lack a column of the key.
  private func known(
    _ wanted: Bitmap, _ place: Int, _ batch: StreamBatch, _ given: [Bitmap?],
    _ rejected: inout [RejectedRow]
  ) -> Bitmap {
    let route = routes[place]
    var known = wanted
    for (position, column) in route.columns.prefix(route.schema.sortKeyCount).enumerated() {
      guard let having = given[column] else { continue }
      known.subtracting(having).forEachSet { row in
        rejected.append(
          batch.rejected(
            row, by: "table \(route.name.text)",
            because: "column \(route.schema.columns[position].name) of the key is missing"))
      }
      known = known.intersection(having)
    }
    return known
  }

  /// - Parameter rows: nil for all.
  private func write(
    _ batch: ColumnBatch, _ given: [Bitmap?], _ rows: [UInt32]?, to table: String, _ place: Int
  ) throws -> TableWrite {
    let route = routes[place]
    let columns = route.columns.map { column in
      rows.map { batch.columns[column].gather($0) } ?? batch.columns[column]
    }
    var own: [Bitmap?] = []
    if route.isFlexible, !given.isEmpty {
      own = route.columns.enumerated().map { position, column in
        // Rows that lack a column of the key are not among these.
        guard position >= route.schema.sortKeyCount, let having = given[column] else { return nil }
        return rows.map { having.gather($0) } ?? having
      }
    }
    return TableWrite(
      table: table,
      rows: ColumnBatch(
        schema: route.schema, rowCount: rows?.count ?? batch.rowCount, columns: columns),
      deletions: try deletions(batch, rows, place), partial: route.partial, given: own)
  }

  /// Of the rows that are written, those that delete; nil for none.
  private func deletions(
    _ batch: ColumnBatch, _ rows: [UInt32]?, _ place: Int
  ) throws -> Bitmap? {
    guard let all = try routes[place].deletion?.rows(of: batch), all.setCount > 0 else {
      return nil
    }
    guard let rows else { return all }
    let own = all.gather(rows)
    return own.isEmpty ? nil : own
  }

  private mutating func writeByValue(
    _ batch: ColumnBatch, _ given: [Bitmap?], _ rows: [UInt32]?, _ place: Int
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
    return try order.map { try write(batch, given, byName[$0], to: $0, place) }
  }
}
