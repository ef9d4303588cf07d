import StorageBase
import TabletModel

extension Catalogue {
  /// The state of all tablets and transactions, for writing down.
  func checkpoint(
    firstLog: UInt32, nextFrame: UInt64, nextRowsetID: UInt64, transactions: TransactionBook
  ) -> Checkpoint {
    Checkpoint(
      firstLog: firstLog, commitSequence: commitSequence, nextFrame: nextFrame,
      nextTableID: nextTableID, nextTabletID: nextTabletID, nextRowsetID: nextRowsetID,
      tables: orderedTables.map { table in
        Checkpoint.Table(
          id: table.id, definition: table.definition, createdAt: table.createdAt,
          tablets: table.tablets.map(\.checkpoint))
      }, transactions: section(transactions))
  }

  private func section(_ book: TransactionBook) -> TransactionSection {
    var section = TransactionSection()
    section.reservedEnd = book.reservedEnd
    section.ended = book.ended
    section.pending = pending.sorted { $0.key < $1.key }.compactMap { id, load in
      guard let transaction = book[id] else { return nil }
      let parts = load.parts.map { LoadCommit.Part(tablet: $0.tablet, rowset: $0.rowset.meta) }
      return TransactionSection.Pending(
        transaction: transaction, parts: parts, terms: load.terms)
    }
    return section
  }
}

extension Checkpoint {
  /// The log files that something in it lies in: rowsets of any kind, and rows of group loads.
  var logFiles: Set<UInt32> {
    var logs = Set<UInt32>()
    let tablets = tables.lazy.flatMap(\.tablets).flatMap(\.placements.values)
    let pending = transactions.pending.lazy.flatMap(\.parts).map(\.rowset.segments)
    for placement in [Array(tablets), Array(pending)].joined().joined() {
      if case .inline(let position, _) = placement { logs.insert(position.file) }
    }
    for rows in groupRows.flatMap(\.records) { logs.insert(rows.position.file) }
    return logs
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
        let history = segment.deletes.history
        if !history.isEmpty { deletes[rowset.id, default: [:]][ordinal] = history }
      }
    }
    return deletes
  }
}
