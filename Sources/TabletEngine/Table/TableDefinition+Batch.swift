import ScanKernels
import StorageBase

extension TableDefinition {
  /// - Throws: `StorageError.schemaMismatch` when the columns of `batch` are not those of the
  ///   table, by their ids or names, or one that must not be null holds nulls.
  func check(_ batch: ColumnBatch) throws {
    let expected = schema.columns
    guard batch.columns.count == expected.count else {
      throw StorageError.schemaMismatch(
        table: name, column: "(all)", expected: "\(expected.count) columns",
        found: "\(batch.columns.count)")
    }
    for (index, vector) in batch.columns.enumerated() {
      let column = expected[index]
      let own = batch.schema.columns[index]
      guard own.id == column.id || own.name == column.name else {
        throw StorageError.schemaMismatch(
          table: name, column: column.name, expected: "the column of that name",
          found: "column \(own.name)")
      }
      guard vector.type == column.type else {
        throw StorageError.schemaMismatch(
          table: name, column: column.name, expected: "\(column.type)",
          found: "\(vector.type)")
      }
      if !column.isNullable, let nulls = vector.nulls, nulls.setCount > 0 {
        throw StorageError.schemaMismatch(
          table: name, column: column.name, expected: "no null",
          found: "\(nulls.setCount) nulls among \(batch.rowCount) rows")
      }
    }
  }
}
