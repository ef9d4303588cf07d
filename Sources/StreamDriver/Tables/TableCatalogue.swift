import StorageBase
import TabletEngine

/// Where tables of a stream are. Thread-safe.
public protocol TableCatalogue: Sendable {
  /// Sees to it that there is a table for such rows.
  /// - Parameter schema: the rows, in the order of the table.
  /// - Throws: `StorageError.schemaMismatch` when there is one for other rows.
  func require(_ table: String, rows schema: Schema, layout: TableLayout) throws

  /// Sees to it that there is a table that rows of some columns can be written to.
  /// - Parameters:
  ///   - schema: the rows, the key first; of a table that is created, all of its columns.
  ///   - isFlexible: whether a row may lack any column that is not in the key.
  /// - Throws: `StorageError.schemaMismatch` when its columns are others; `.invalidArgument` when
  ///   its keys are not unique, or a column that rows do not give needs a value in each.
  func requirePartial(
    _ table: String, rows schema: Schema, isFlexible: Bool, layout: TableLayout
  ) throws

  /// A table as it is now; nil when it is not there.
  func definition(of table: String) throws -> TableDefinition?

  /// Changes the columns of a table, all of `changes` or none; durable when this returns.
  /// - Throws: `StorageError` for what the table does not allow.
  func alter(_ table: String, _ changes: [SchemaChange]) throws
}

/// The tables of a store in the same process.
public struct StoreTables: TableCatalogue {
  private let store: Store

  public init(_ store: Store) { self.store = store }

  public func definition(of table: String) -> TableDefinition? {
    store.snapshot().first { $0.definition.name == table }?.definition
  }

  public func alter(_ table: String, _ changes: [SchemaChange]) throws {
    try store.alter(table: table, changes)
  }

  public func require(_ table: String, rows schema: Schema, layout: TableLayout) throws {
    let wanted = try layout.definition(name: table, rows: schema)
    if definition(of: table) == nil {
      do {
        return try store.createTable(wanted)
      } catch let error as StorageError {
        // Another writer may have been faster.
        guard case .alreadyExists = error else { throw error }
      }
    }
    let known = try store.snapshot(of: table).definition.schema
    try Self.requireColumns(of: wanted.schema, in: known, table)
    guard known.columns.map(\.name) == wanted.schema.columns.map(\.name) else {
      throw StorageError.schemaMismatch(
        table: table, column: "(all)",
        expected: known.columns.map(\.name).joined(separator: ", "),
        found: wanted.schema.columns.map(\.name).joined(separator: ", "))
    }
  }

  public func requirePartial(
    _ table: String, rows schema: Schema, isFlexible: Bool, layout: TableLayout
  ) throws {
    guard let known = definition(of: table) else {
      return try require(table, rows: schema, layout: layout)
    }
    try Self.requireColumns(of: schema, in: known.schema, table)
    func refusal(_ reason: String) -> StorageError {
      .invalidArgument(name: "partial rows for table", value: table, reason: reason)
    }
    guard known.uniqueKeys?.merge == .onWrite else {
      throw refusal("its keys are not unique, or not merged on write")
    }
    for (position, column) in known.schema.columns.enumerated() {
      let isKey = position < known.schema.sortKeyCount
      let isThere = schema.index(of: column.name) != nil
      if isThere, isKey || !isFlexible { continue }
      guard !isKey else { throw refusal("column \(column.name) of its key is not given") }
      guard column.isNullable || column.defaultValue != nil else {
        throw refusal(
          "column \(column.name) \(isThere ? "may not be" : "is not") given, and new keys have no "
            + "value for it")
      }
    }
  }

  private static func requireColumns(
    of wanted: Schema, in known: Schema, _ table: String
  ) throws {
    for column in wanted.columns {
      guard let position = known.index(of: column.name) else {
        throw StorageError.unknownName(
          kind: "column of table \(table)", name: column.name, known: known.columns.map(\.name))
      }
      guard known.columns[position].type == column.type else {
        throw StorageError.schemaMismatch(
          table: table, column: column.name, expected: "\(known.columns[position].type)",
          found: "\(column.type)")
      }
    }
  }
}
