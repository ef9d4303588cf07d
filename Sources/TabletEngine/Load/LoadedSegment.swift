import StorageBase

/// A segment of a load that has not been committed.
struct LoadedSegment {
  var contents: PreparedLoad.Segment
  let rowCount: Int
  /// What publishing it takes; nil for tables without a key index.
  let keys: SegmentKeys?
  /// The number in the name of its file; nil for one in memory.
  var fileNumber: Int?
  /// Whether segment compaction has made it or left it alone.
  var isSettled = false

  var candidate: SegmentCompactionRules.Candidate {
    SegmentCompactionRules.Candidate(rowCount: rowCount, byteCount: contents.byteCount)
  }
}
