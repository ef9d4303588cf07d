import StorageBase
import TabletModel

// What recovery begins with.
extension Recovery {
  /// The newest checkpoint that is whole. The one before it is kept for the case that the newest is
  /// damaged, with the log files between them; nil when the log has to be there from its beginning.
  func newestCheckpoint() throws -> Checkpoint? {
    let numbers = try numbers(in: layout.checkpointDirectory, suffix: ".ckpt")
    var firstError: (any Error)?
    for number in numbers.reversed() {
      do {
        return try Checkpoint.read(files, layout: layout, storeID: storeID, number: number)
      } catch let error as StorageError {
        // What a later program has written may say what an older checkpoint does not know of.
        if case .unsupportedFormat = error { throw error }
        firstError = firstError ?? error
      }
    }
    if let firstError, try !files.exists(layout.log(1)) { throw firstError }
    return nil
  }

  mutating func restore(_ checkpoint: Checkpoint) throws {
    basis = LogRetention.Basis(checkpoint)
    catalogue.commitSequence = checkpoint.commitSequence
    for table in checkpoint.tables {
      let tablets = try table.tablets.map { try restore($0, of: table.definition) }
      let restored = TableSnapshot(
        id: table.id, definition: table.definition, createdAt: table.createdAt,
        tablets: tablets)
      do throws(EditRefusal) {
        try catalogue.addNew(restored)
      } catch {
        throw StorageError.corrupt(
          file: layout.checkpoint(checkpoint.firstLog), offset: 0, what: "checkpoint",
          expected: "tables and tablets that differ", found: error.description)
      }
    }
    catalogue.nextTableID = max(catalogue.nextTableID, checkpoint.nextTableID)
    catalogue.nextTabletID = max(catalogue.nextTabletID, checkpoint.nextTabletID)
    nextRowsetID = max(nextRowsetID, checkpoint.nextRowsetID)
    try restore(checkpoint.transactions)
    for section in checkpoint.groupRows { groupRows[section.table] = section }
  }

  /// What is recovered of transactions: those that wait for a decision, and those that have ended.
  /// Of a load whose rows were still arriving nothing is left.
  private mutating func restore(_ section: TransactionSection) throws {
    transactions = TransactionBook(reservedEnd: section.reservedEnd)
    for transaction in section.ended { transactions.put(transaction) }
    for load in section.pending {
      transactions.put(load.transaction)
      catalogue.pending[load.transaction.id] = try pending(load.parts, load.terms)
    }
  }

  mutating func pending(
    _ parts: [LoadCommit.Part], _ terms: [TabletID: PartialTerms], of log: ReplayedLog? = nil
  ) throws -> PendingLoad {
    let load = PendingLoad(
      parts: try parts.map { ($0.tablet, try rowset($0.rowset, tablet: $0.tablet, of: log)) },
      terms: terms)
    try requireTerms(load)
    return load
  }

  /// Rows that are to be completed have a table whose rows can be, and one tablet is in one part.
  private func requireTerms(_ load: PendingLoad) throws {
    guard load.isPartial else { return }
    guard Set(load.parts.map(\.tablet)).count == load.parts.count else {
      throw unfitting("a tablet that is in two parts of a load")
    }
    for part in load.parts where load.terms[part.tablet] != nil {
      let table = catalogue.table(of: part.tablet)
      guard table?.definition.uniqueKeys?.merge == .onWrite, part.rowset.segments.isEmpty else {
        throw unfitting(
          "rows of tablet \(part.tablet) that are to be completed, and cannot be")
      }
    }
  }

  private mutating func restore(
    _ tablet: Checkpoint.Tablet, of definition: TableDefinition
  ) throws -> TabletSnapshot {
    func rowset(_ recovery: inout Recovery, _ entry: RowsetEntry) throws -> Rowset {
      let meta = RowsetMeta(entry: entry, segments: tablet.placements[entry.id] ?? [])
      return try recovery.rowset(meta, tablet: tablet.state.id)
    }
    let visible = try tablet.state.rowsets.map { try rowset(&self, $0) }
    let stale = try tablet.state.stale.map { try rowset(&self, $0.entry) }
    for rowset in visible + stale {
      for (ordinal, history) in tablet.deletes[rowset.id] ?? [:]
      where ordinal < rowset.segments.count {
        rowset.segments[ordinal].deletes.replace(by: history)
      }
    }
    do {
      try apply(tablet.patches, to: tablet.state.id)
    } catch let refusal as EditRefusal {
      throw unfitting(refusal.description)
    }
    return TabletSnapshot(
      state: tablet.state, rowsets: SharedArray(visible), stale: StaleRowsets(stale),
      keys: TabletKeys(
        definition, seed: mixBits(storeID ^ tablet.state.id.rawValue),
        cache: factory.caches.keyIndexes))
  }
}
