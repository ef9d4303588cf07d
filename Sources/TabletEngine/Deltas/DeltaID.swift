import StorageBase

/// Names a delta: a segment that holds new values of some columns for rows of older rowsets.
struct DeltaID: Hashable, Sendable {
  let rowset: RowsetID
  /// Among all segments of the rowset.
  let ordinal: Int
}

extension RowsetSegment {
  /// Of a delta.
  var deltaID: DeltaID { DeltaID(rowset: rowset, ordinal: ordinal) }
}
