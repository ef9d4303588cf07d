import StorageBase
import StorageIO

extension Store {
  /// Writes the store, as it is at one moment, to another directory: everything acknowledged before
  /// the call is in it, and every load is in it whole or not at all. Loads, queries and compactions
  /// go on meanwhile; a load waits once for about the time of a sync.
  ///
  /// The backup is a store of the same id. Rowsets that compaction has replaced stay behind, so it
  /// can be read as of its newest version only. Loads that wait for the second phase are in it and
  /// wait there too; those whose rows are still arriving are not. When this returns the backup is
  /// durable; when it throws there is nothing at `destination` that looks like a store.
  ///
  /// Time is linear in the bytes that are copied or verified; linked files cost a system call each.
  /// Any thread may call it, several backups may run at the same time.
  ///
  /// - Parameters:
  ///   - destination: a new or empty directory outside of the store.
  ///   - verifies: whether every page of the backup is read and checked before it becomes a store.
  ///   - isCancelled: asked often; true ends the backup.
  ///   - onProgress: told after each file and each piece of a large one.
  /// - Throws: `StorageError.damaged` when something is not what was once written, others for a
  ///   destination that will not do and for what the disk refuses; `CancellationError`.
  @discardableResult
  public func backup(
    to destination: String, mode: TransferMode = .link, verifies: Bool = true,
    isCancelled: @escaping () -> Bool = { false },
    onProgress: @escaping (BackupProgress) -> Void = { _ in }
  ) throws -> BackupReport {
    let (checkpoint, catalogue, pin) = try checkpointForBackup()
    // The catalogue keeps the segment files, the pin the log files.
    return try withExtendedLifetime((catalogue, pin)) {
      let image = StoreImage(
        identity: identity, source: layout, checkpoint: checkpoint,
        firstMutableLog: checkpoint.firstLog)
      var writer = StoreImageWriter(
        image: image, files: files, destination: StoreLayout(root: destination), mode: mode,
        isCancelled: isCancelled, onProgress: onProgress)
      return try writer.run(verifies: verifies)
    }
  }
}
