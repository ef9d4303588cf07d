import StorageBase

extension Sequence<Rowset> {
  /// The deltas of the rowsets.
  var deltas: [DeltaID: RowsetSegment] {
    var deltas: [DeltaID: RowsetSegment] = [:]
    for rowset in self where !rowset.deltas.isEmpty {
      for delta in rowset.deltas { deltas[delta.deltaID] = delta }
    }
    return deltas
  }
}

/// The deltas of a snapshot. Immutable.
final class VisibleDeltas: Sendable {
  let byID: [DeltaID: RowsetSegment]

  init(_ byID: [DeltaID: RowsetSegment]) { self.byID = byID }
}
