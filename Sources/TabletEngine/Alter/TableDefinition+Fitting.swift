import ScanKernels
import StorageBase

extension TableDefinition {
  /// The batch as one of the table's schema, whose columns it has, in their order.
  /// - Parameter deletions: rows of which only the key and the sequence have to be there.
  /// - Throws: as `check`.
  func fitted(_ batch: ColumnBatch, deletions: Bitmap? = nil) throws -> ColumnBatch {
    guard let deletions else {
      try check(batch)
      return ColumnBatch(schema: schema, rowCount: batch.rowCount, columns: batch.columns)
    }
    let known = Set(try deletionColumns().map(\.id))
    try check(batch, as: schema.columns) { index, nulls in
      if known.contains(schema.columns[index].id) { return nulls.setCount }
      var count = 0
      nulls.forEachSet { count += deletions[$0] ? 0 : 1 }
      return count
    }
    let columns = zip(schema.columns, batch.columns).map { column, vector in
      column.isNullable ? vector : vector.replacingNulls(by: column.type.filler)
    }
    return ColumnBatch(schema: schema, rowCount: batch.rowCount, columns: columns)
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
