import ScanKernels
import StorageBase

extension Schema {
  /// No rows.
  var emptyBatch: ColumnBatch {
    ColumnBatch(
      schema: self, rowCount: 0,
      columns: columns.map { ColumnBuilder(type: $0.type, capacity: 0).finish() })
  }
}
