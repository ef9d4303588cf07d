import StorageBase
import TabletModel

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
