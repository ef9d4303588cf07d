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
  /// - Parameters:
  ///   - load: afterwards what was tried last.
  ///   - isSlowed: whether it is held back while versions pile up.
  ///   - again: makes them from what there is now.
  /// - Throws: as `commit`; `StorageError.limitExceeded` when other loads come first every time.
  func commitOptimistically(
    _ load: inout PreparedLoad, isSlowed: Bool, again: () throws -> PreparedLoad
  ) throws -> CommitReceipt {
    var outdated: [PreparedLoad] = []
    var conflict: PartialUpdateConflict?
    var redone = 0
    for attempt in 0..<Self.attemptCountMax {
      do {
        let isQueued = attempt >= Self.freeAttemptCount
        var receipt = try partialUpdates.attempt(queueing: isQueued) {
          if let known = conflict {
            redone += known.rowCount
            partialUpdates.addRedone(known.rowCount)
            outdated.append(load)
            load = try again()
            conflict = nil
          }
          return isSlowed
            ? try commitSlowed(.load(load), of: load) : try commit(.load(load))
        }
        receipt.redoneRowCount = redone
        for load in outdated { removeFiles(of: load) }
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

  /// The files of a load, but those of parts that are kept when it is made again.
  func paths(of load: PreparedLoad) -> [String] {
    load.parts.filter { !$0.isKept }.flatMap { part in
      part.segments.indices.filter {
        if case .file = part.segments[$0] { true } else { false }
      }.map { layout.segment(tablet: part.tablet, rowset: part.rowset, ordinal: $0) }
    }
  }
}
