import StorageBase
import TabletModel

// Loads and their transactions.
extension Recovery {
  mutating func apply(_ commit: LoadCommit, of log: ReplayedLog?) throws {
    let waited = commit.transaction.flatMap { catalogue.pending.removeValue(forKey: $0) }
    var rowsets = try commit.parts.map {
      (tablet: $0.tablet, rowset: try rowset($0.rowset, tablet: $0.tablet, of: log))
    }
    // Whole rows that waited with those that were completed.
    rowsets += try waited?.publishable(in: catalogue, at: commit.at) ?? []
    _ = try catalogue.publish(rowsets, sequence: commit.sequence)
    if let covered = commit.covered {
      groupRows[covered.table]?.records.removeAll { $0.ordinal < covered.end }
    }
    guard let id = commit.transaction else { return }
    if let waited {
      guard waited.isPartial, var transaction = transactions[id] else {
        throw EditRefusal("transaction \(id) is pre-committed, and committed in one phase")
      }
      try transaction.commit(sequence: commit.sequence, at: commit.at)
      return transactions.put(transaction)
    }
    transactions.put(
      Transaction(
        id: id, label: commit.label, startedAt: commit.at, state: .visible,
        changedAt: commit.at, deadline: nil, sequence: commit.sequence, abortReason: "",
        isTwoPhase: false))
  }

  mutating func apply(_ load: LoadPrecommit, of log: ReplayedLog?) throws {
    var transaction = Transaction(
      id: load.transaction, label: load.label, startedAt: load.startedAt, deadline: nil)
    try transaction.precommit(at: load.at, deadline: load.deadline)
    for part in load.parts { _ = try catalogue.requireTablet(part.tablet) }
    transactions.put(transaction)
    catalogue.pending[load.transaction] = try pending(load.parts, load.terms, of: log)
  }

  mutating func apply(_ decision: TransactionDecision) throws {
    let id = decision.transaction
    guard var transaction = transactions[id], let load = catalogue.pending.removeValue(forKey: id)
    else { throw EditRefusal("transaction \(id) is decided and was not pre-committed") }
    switch decision.outcome {
    case .commit(let sequence):
      guard !load.isPartial else {
        throw EditRefusal("transaction \(id) is committed with rows that were never completed")
      }
      let rowsets = try load.publishable(in: catalogue, at: decision.at)
      _ = try catalogue.publish(rowsets, sequence: sequence)
      try transaction.commit(sequence: sequence, at: decision.at)
    case .abort(let reason): try transaction.abort(because: reason, at: decision.at)
    }
    transactions.put(transaction)
  }

  /// Fills in what the record before it has deleted.
  func apply(_ deletes: DeletedRowsRecord) throws {
    let tablet = try catalogue.requireTablet(deletes.tablet)
    for part in deletes.parts {
      guard tablet.keys != nil, let segments = rowsets[part.rowset]?.segments,
        part.segment < segments.count
      else {
        throw EditRefusal(
          "tablet \(tablet.id) has no segment \(part.segment) of rowset \(part.rowset) to delete "
            + "rows of")
      }
      let deletes = segments[part.segment].deletes
      guard deletes.history.newest.map({ $0 <= part.version }) ?? true else {
        throw EditRefusal("tablet \(tablet.id): deletes of version \(part.version) come too late")
      }
      deletes.add(part.rows, version: part.version)
    }
  }

  /// Fills in which rows have new values in what the record before it has published.
  func apply(_ patches: PatchedRowsRecord) throws {
    let tablet = try catalogue.requireTablet(patches.tablet)
    guard tablet.keys != nil else { throw EditRefusal("tablet \(tablet.id) has no unique keys") }
    try apply(patches.parts, to: tablet.id)
  }

  /// - Throws: `EditRefusal` when there is no such segment or delta.
  func apply(_ parts: [PatchedRowsRecord.Part], to tablet: TabletID) throws {
    for part in parts {
      guard let segments = rowsets[part.rowset]?.segments, part.segment < segments.count,
        let delta = rowsets[part.delta.rowset]?.deltas
          .first(where: { $0.ordinal == part.delta.ordinal })
      else {
        throw EditRefusal(
          "tablet \(tablet) has no segment \(part.segment) of rowset \(part.rowset) with new "
            + "values in delta \(part.delta.ordinal) of rowset \(part.delta.rowset)")
      }
      segments[part.segment].patches.add(
        PatchVector.Entry(delta, version: part.version, part.pairs))
    }
  }
}
