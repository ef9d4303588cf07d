import ScanKernels
import StorageBase

extension TableDefinition {
  /// - Throws: `StorageError.schemaMismatch` when the columns of `batch` are not those of the
  ///   table, by their ids or names, or one that must not be null holds nulls.
  func check(_ batch: ColumnBatch) throws {
    try check(batch, as: schema.columns) { _, nulls in nulls.setCount }
  }

  /// - Parameters:
  ///   - expected: columns of the table that the batch has.
  ///   - nullCount: how many of the nulls of a column, by its position in the batch, count.
  func check(
    _ batch: ColumnBatch, as expected: [Column], nullCount: (Int, Bitmap) -> Int
  ) throws {
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
          table: name, column: column.name, expected: "\(column.type)", found: "\(vector.type)")
      }
      guard !column.isNullable, let nulls = vector.nulls else { continue }
      let count = nullCount(index, nulls)
      guard count == 0 else {
        throw StorageError.schemaMismatch(
          table: name, column: column.name, expected: "no null",
          found: "\(count) nulls among \(batch.rowCount) rows")
      }
    }
  }
}
