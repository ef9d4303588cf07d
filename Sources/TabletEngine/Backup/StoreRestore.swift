import StorageBase
import StorageIO

/// Makes a store of a backup, which may be any store that no process has open. The backup is only
/// read: it may lie where nothing can be written.
public struct StoreRestore {
  private let backup: StoreLayout
  private let files: any FileSystem

  /// - Parameter backup: a directory that `Store.backup` wrote.
  public init(_ backup: String, files: any FileSystem) {
    self.backup = StoreLayout(root: backup)
    self.files = files
  }

  /// Writes the store to `destination` and reads every page of it before it becomes a store. When
  /// this returns it is durable; when it throws there is nothing that looks like a store.
  ///
  /// - Parameters:
  ///   - destination: a new or empty directory outside of any store.
  ///   - mode: `.link` shares the bytes with the backup; neither store ever changes them, but
  ///     damage would hit both.
  ///   - isCancelled: asked often; true ends the work.
  ///   - onProgress: told after each file and each piece of a large one.
  /// - Throws: `StorageError.notAStore`, `.storeLocked` for a backup that a process has open as a
  ///   store, `.damaged` when its checksums do not hold, and what the disk refuses;
  ///   `CancellationError`.
  @discardableResult
  public func run(
    to destination: String, mode: TransferMode = .copy,
    isCancelled: @escaping () -> Bool = { false },
    onProgress: @escaping (BackupProgress) -> Void = { _ in }
  ) throws -> BackupReport {
    let identity = try StoreIdentity.read(files, layout: backup)
    // A backup that was never opened has no such file, and gets none.
    let lock = try files.exists(backup.lock) ? files.lock(backup.lock) : nil
    return try withExtendedLifetime(lock) {
      var writer = StoreImageWriter(
        image: try image(identity), files: files, destination: StoreLayout(root: destination),
        mode: mode, isCancelled: isCancelled, onProgress: onProgress)
      return try writer.run(verifies: true)
    }
  }

  private func image(_ identity: StoreIdentity) throws -> StoreImage {
    var recovery = Recovery(
      files: files, layout: backup, storeID: identity.storeID,
      caches: StoreCaches(StoreOptions()))
    let end = try recovery.read()
    let (catalogue, transactions) = (recovery.catalogue, recovery.transactions)
    let image = CheckpointImage(
      firstLog: end.newestFile + 1, nextFrame: end.nextFrame,
      nextRowsetID: recovery.nextRowsetID, catalogue: catalogue,
      transactions: TransactionImage(transactions, waiting: catalogue.pending.keys),
      groupRows: recovery.groupRowsSections)
    return StoreImage(
      identity: identity, source: backup, checkpoint: image.checkpoint(ended: transactions.ended),
      firstMutableLog: end.firstFile)
  }
}
