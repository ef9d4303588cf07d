import ScanKernels
import StorageBase

extension Store {
  /// Deletes rows of a unique-key table by what they contain: those that `select` finds in a
  /// snapshot, all of them in one version, durable as the table promises.
  ///
  /// What is deleted is what was selected: when others have changed one of the rows before the
  /// deletion becomes visible, rows are selected again, from a new snapshot. Rows that others bring
  /// meanwhile and that have not been there in the snapshot stay (snapshot isolation). A table that
  /// merges on read is searched again whenever others have loaded anything into the same tablets.
  ///
  /// Keeps the keys of the rows in memory, and their order; whole rows of one segment at a time.
  /// How many that may be is bounded by `StoreOptions.deletionByteCountMax`.
  /// - Parameters:
  ///   - label: as of `begin`.
  ///   - select: finds rows that are there in the snapshot, each once, and returns the columns that
  ///     `TableDefinition.deletionColumns` names. It is called again after a conflict, and must not
  ///     wait for partial loads or other deletions.
  /// - Returns: the receipt; its row count is the number of rows that were deleted.
  /// - Throws: `StorageError.invalidArgument` when the keys of the table are not unique;
  ///   `StorageError.limitExceeded` when there are too many rows, or others come first every time;
  ///   as `commit`, and what `select` throws.
  @discardableResult
  public func delete(
    from name: String, label: String = "", select: (TableSnapshot) throws -> ColumnBatch
  ) throws -> CommitReceipt {
    _ = try snapshot(of: name).definition.deletionColumns()
    let token = try beginTransaction(label: label, timeoutSeconds: nil)
    func deletion() throws -> PreparedLoad {
      let table = try snapshot(of: name)
      return try RowDeletion(table: table, rows: try select(table), token: token)
        .prepare(in: self)
    }
    var load = try deletion()
    return try commitOptimistically(&load, isSlowed: true, again: deletion)
  }
}
