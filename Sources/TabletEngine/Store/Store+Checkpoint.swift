import StorageBase
import StorageIO

// Checkpoints, made beside commits (see FORMAT.md, "Checkpoint").
extension Store {
  /// Begins another log file and writes the state of all tablets, so that opening the store does
  /// not replay what came before. When it returns that is durable.
  ///
  /// Commits go on meanwhile; they wait once, for the sync of what has been committed before. One
  /// checkpoint is made at a time: a second caller waits, and makes another.
  /// - Throws: what the disk refuses. Nothing is lost then: the store goes on, with one log file
  ///   more to replay, or in the same one.
  public func checkpoint() throws { _ = try checkpoints.inTurn(makeCheckpoint) }

  /// Makes a checkpoint and says what it holds, at one moment: a backup. The log files that rowsets
  /// lie in stay as long as the result is held.
  func checkpointForBackup() throws -> (checkpoint: Checkpoint, catalogue: Catalogue, LogPin) {
    try checkpoints.inTurn {
      let (checkpoint, catalogue) = try makeCheckpoint()
      // Only the next checkpoint removes log files.
      return (checkpoint, catalogue, logPins.pin(checkpoint.logFiles))
    }
  }

  /// Makes a checkpoint once the log file is large, unless somebody is at it.
  func checkpointIfDue() throws { try checkpoints.ifDue { _ = try makeCheckpoint() } }

  /// Sees to it that somebody makes a checkpoint when one is due. After a commit, when nobody waits
  /// for this thread any more.
  func noticeLargeLog() {
    switch checkpoints.need {
    case .none: break
    case .due: notifyDue(within: 0)
    case .overdue:
      // A failure only postpones it: what has been committed is durable either way.
      do { try checkpointIfDue() } catch {}
    }
  }

  /// The next log file is begun before commits are held up, and everything that takes long is done
  /// after they go on. By one thread at a time.
  private func makeCheckpoint() throws -> (Checkpoint, Catalogue) {
    let next = try LogWriter.begin(
      files, layout, identity.storeID, log.withLock { $0.fileNumber + 1 })
    let image = try log.withLock { log in
      try log.rotate(to: next)
      checkpoints.note(logByteCount: log.byteCount)
      return imageNow(log)
    }
    let checkpoint = image.checkpoint(
      ended: transactions.ended(before: image.transactions.endedCount))
    try checkpoint.write(files, layout: layout, storeID: identity.storeID) {
      // Whoever makes checkpoints may be the one who keeps promises of the log, too.
      _ = try syncIfDue()
    }
    try retention.withLock {
      try $0.advance(to: checkpoint, pinned: logPins.pinned, files, layout)
    }
    return (checkpoint, image.catalogue)
  }

  /// The present state. While the log is held nothing is committed, so all of it belongs together.
  func imageNow(_ log: LogWriter) -> CheckpointImage {
    let catalogue = catalogueNow
    return CheckpointImage(
      firstLog: log.fileNumber, nextFrame: log.nextFrame,
      nextRowsetID: nextRowset.load(ordering: .relaxed), catalogue: catalogue,
      transactions: transactions.withBook {
        TransactionImage($0, waiting: catalogue.pending.keys)
      }, groupRows: groupLoads.sections)
  }
}
