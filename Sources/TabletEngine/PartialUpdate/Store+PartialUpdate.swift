import StorageBase
import TabletModel

// Committing what was made of rows that others may change: partial loads, deletions by condition.
extension Store {
  /// Attempts before the load waits for others of its kind.
  private static let freeAttemptCount = 3
  private static let attemptCountMax = 100

  /// Rows of partial loads that were completed again because others had changed their keys
  /// meanwhile, since the store was opened.
  public var redonePartialRowCount: Int { partialUpdates.redoneRowCount }

  /// Commits a load whose rows were made of those that there were; they are made again as long as
  /// others change them before the load becomes visible.
  /// - Parameter again: makes them from what there is now.
  /// - Throws: as `commit`; `StorageError.limitExceeded` when other loads come first every time.
  func commitOptimistically(
    _ load: PreparedLoad, again: () throws -> PreparedLoad
  ) throws -> CommitReceipt {
    var load = load
    var outdated: [String] = []
    var conflict: PartialUpdateConflict?
    var redone = 0
    for attempt in 0..<Self.attemptCountMax {
      do {
        let isQueued = attempt >= Self.freeAttemptCount
        var receipt = try partialUpdates.attempt(queueing: isQueued) {
          if let known = conflict {
            redone += known.rowCount
            partialUpdates.addRedone(known.rowCount)
            outdated += paths(of: load)
            load = try again()
            conflict = nil
          }
          return try commitSlowed(.load(load), of: load)
        }
        receipt.redoneRowCount = redone
        // A file that cannot be removed now is removed as an orphan when the store is next opened.
        for path in outdated { do { try files.remove(path) } catch {} }
        return receipt
      } catch {
        guard let found = error as? PartialUpdateConflict else { throw error }
        conflict = found
      }
    }
    throw StorageError.limitExceeded(
      what: "attempts to commit a load whose rows others keep changing",
      value: Self.attemptCountMax, limit: Self.attemptCountMax, remedy: "commit it again")
  }

  private func paths(of load: PreparedLoad) -> [String] {
    load.parts.flatMap { part in
      part.segments.indices.filter {
        if case .file = part.segments[$0] { true } else { false }
      }.map { layout.segment(tablet: part.tablet, rowset: part.rowset, ordinal: $0) }
    }
  }
}
