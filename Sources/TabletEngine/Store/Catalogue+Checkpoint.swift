import StorageBase
import TabletModel

extension Catalogue {
  /// The state of all tablets, for writing down.
  func checkpoint(firstLog: UInt32, nextFrame: UInt64, nextRowsetID: UInt64) -> Checkpoint {
    Checkpoint(
      firstLog: firstLog, commitSequence: commitSequence, nextFrame: nextFrame,
      nextTableID: nextTableID, nextTabletID: nextTabletID, nextRowsetID: nextRowsetID,
      tables: orderedTables.map { table in
        Checkpoint.Table(
          id: table.id, definition: table.definition, createdAt: table.createdAt,
          tablets: table.tablets.map(\.checkpoint))
      })
  }

  /// The log files that visible or stale rowsets lie in.
  var inlineLogs: Set<UInt32> {
    var logs = Set<UInt32>()
    for tablet in orderedTables.flatMap(\.tablets) {
      for rowset in tablet.rowsets + Array(tablet.stale.values) {
        for segment in rowset.segments {
          if case .inline(let position, _) = segment.placement { logs.insert(position.file) }
        }
      }
    }
    return logs
  }
}

extension TabletSnapshot {
  fileprivate var checkpoint: Checkpoint.Tablet {
    var placements: [RowsetID: [SegmentPlacement]] = [:]
    for rowset in rowsets { placements[rowset.id] = rowset.segments.map(\.placement) }
    for (id, rowset) in stale { placements[id] = rowset.segments.map(\.placement) }
    return Checkpoint.Tablet(state: state, placements: placements)
  }
}
