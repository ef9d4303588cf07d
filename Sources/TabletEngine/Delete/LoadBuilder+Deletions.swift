import ScanKernels
import StorageBase

extension LoadBuilder {
  /// Adds rows that stand for the deletion of their key (`merge_type: delete` of Apache Doris).
  /// - Parameter batch: the columns that `TableDefinition.deletionColumns` names, in their order.
  ///   With a sequence column, rows of the key that have a greater sequence stay.
  /// - Throws: as `append`; `StorageError.invalidArgument` when the keys of the table are not
  ///   unique.
  public func appendDeletions(_ batch: ColumnBatch) throws {
    try append(
      table.definition.wholeRows(of: batch), deleteSigns: .full(count: batch.rowCount))
  }
}
