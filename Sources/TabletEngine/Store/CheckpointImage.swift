import StorageBase
import TabletModel

/// The state of a store between two commits, as a checkpoint is to have it: what never changes by
/// reference, and where what only grows ended then. So commits wait for it as long as it takes to
/// look at the loads that wait for a decision, and go on while it is spelled out.
///
/// Of what commits change in place it takes what belongs to its own versions: deletes by their
/// versions, new values by their deltas. As long as it is held its tablets count as read, so that
/// nothing of them is made one with what came later.
struct CheckpointImage: Sendable {
  /// The file that later frames go to.
  let firstLog: UInt32
  let nextFrame: UInt64
  let nextRowsetID: UInt64
  let catalogue: Catalogue
  let transactions: TransactionImage
  let groupRows: [GroupRowsSection]

  /// All of it, for writing down. Linear in what the store knows of its rowsets, versions and
  /// deletes; any thread may call it, and it is the same whenever it is called.
  ///
  /// - Parameter ended: the transactions that had ended.
  func checkpoint(ended: [Transaction]) -> Checkpoint {
    Checkpoint(
      firstLog: firstLog, commitSequence: catalogue.commitSequence, nextFrame: nextFrame,
      nextTableID: catalogue.nextTableID, nextTabletID: catalogue.nextTabletID,
      nextRowsetID: nextRowsetID,
      tables: catalogue.orderedTables.map { table in
        Checkpoint.Table(
          id: table.id, definition: table.definition, createdAt: table.createdAt,
          tablets: table.tablets.map(\.checkpoint))
      }, transactions: section(ended), groupRows: groupRows)
  }

  private func section(_ ended: [Transaction]) -> TransactionSection {
    var section = TransactionSection()
    section.reservedEnd = transactions.reservedEnd
    section.ended = ended
    section.pending = catalogue.pending.sorted { $0.key < $1.key }.compactMap { id, load in
      guard let transaction = transactions.waiting[id] else { return nil }
      let parts = load.parts.map { LoadCommit.Part(tablet: $0.tablet, rowset: $0.rowset.meta) }
      return TransactionSection.Pending(
        transaction: transaction, parts: parts, terms: load.terms)
    }
    return section
  }
}

/// The transactions of a store between two commits.
struct TransactionImage: Sendable {
  /// Ids below it may have been given out.
  let reservedEnd: TransactionID
  /// Those that wait for a decision.
  let waiting: [TransactionID: Transaction]
  /// How many had ended, in the count of the book.
  let endedCount: Int

  /// - Parameter ids: of those that wait for a decision. O(their number).
  init(_ book: TransactionBook, waiting ids: some Sequence<TransactionID>) {
    reservedEnd = book.reservedEnd
    waiting = Dictionary(ids.lazy.compactMap { id in book[id].map { (id, $0) } }) { $1 }
    endedCount = book.everEnded.upperBound
  }
}

extension TabletSnapshot {
  fileprivate var checkpoint: Checkpoint.Tablet {
    var placements: [RowsetID: [SegmentPlacement]] = [:]
    for rowset in allRowsets { placements[rowset.id] = rowset.allSegments.map(\.placement) }
    return Checkpoint.Tablet(
      state: state, placements: placements, deletes: deletes, patches: patches)
  }

  private var patches: [PatchedRowsRecord.Part] {
    guard keys != nil else { return [] }
    var record = PatchedRowsRecord(tablet: id)
    let ids = rowsetIDs
    for segment in allRowsets.flatMap(\.segments) {
      for entry in segment.patches.entries where ids.contains(entry.id.rowset) {
        record.append(entry, of: segment)
      }
    }
    return record.parts
  }

  private var deletes: [RowsetID: [Int: DeleteHistory]] {
    guard keys != nil else { return [:] }
    var deletes: [RowsetID: [Int: DeleteHistory]] = [:]
    for rowset in allRowsets {
      for (ordinal, segment) in rowset.segments.enumerated() {
        let history = segment.deletes.history(upTo: version)
        if !history.isEmpty { deletes[rowset.id, default: [:]][ordinal] = history }
      }
    }
    return deletes
  }
}
