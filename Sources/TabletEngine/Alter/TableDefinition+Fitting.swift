import ScanKernels
import StorageBase

extension TableDefinition {
  /// The batch as one of the table's schema, whose columns it has, in their order.
  /// - Throws: as `check`.
  func fitted(_ batch: ColumnBatch) throws -> ColumnBatch {
    try check(batch)
    return ColumnBatch(schema: schema, rowCount: batch.rowCount, columns: batch.columns)
  }

  /// Rows that were fitted to this schema or an older one, as rows of this one: columns that were
  /// dropped are left out, those that were added have their default.
  /// - Throws: `StorageError.schemaMismatch` for rows of no older schema.
  func brought(_ batch: ColumnBatch) throws -> ColumnBatch {
    if batch.schema == schema { return batch }
    let columns = try schema.columns.map { column in
      switch batch.schema.fit(of: column) {
      case .stored(let position): return batch.columns[position]
      case .widened(let position): return batch.columns[position].converted(to: column.type)
      case .constant(let value):
        return .constant(value, type: column.type, count: batch.rowCount)
      case nil:
        throw StorageError.schemaMismatch(
          table: name, column: column.name, expected: "\(column.type)", found: "another schema")
      }
    }
    return ColumnBatch(schema: schema, rowCount: batch.rowCount, columns: columns)
  }
}
