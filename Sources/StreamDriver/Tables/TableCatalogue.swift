import StorageBase
import TabletEngine

/// Where tables of a stream are. Thread-safe.
public protocol TableCatalogue: Sendable {
  /// Sees to it that there is a table for such rows.
  /// - Parameter schema: the rows, in the order of the table.
  /// - Throws: `StorageError.schemaMismatch` when there is one for other rows.
  func require(_ table: String, rows schema: Schema, layout: TableLayout) throws

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
    for column in wanted.schema.columns {
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
    guard known.columns.map(\.name) == wanted.schema.columns.map(\.name) else {
      throw StorageError.schemaMismatch(
        table: table, column: "(all)",
        expected: known.columns.map(\.name).joined(separator: ", "),
        found: wanted.schema.columns.map(\.name).joined(separator: ", "))
    }
  }
}
