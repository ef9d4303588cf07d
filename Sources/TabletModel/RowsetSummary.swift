import StorageBase

/// Facts about one rowset: what a compaction policy may know. No handles, no locks, no clock.
public struct RowsetSummary: Hashable, Sendable, Codable {
  public var versions: VersionRange
  /// Bytes on disk, encoded and compressed.
  public var byteCount: Int
  public var rowCount: Int
  public var segmentCount: Int
  /// The last ones of them are deltas: they have no rows of their own, but new values of some
  /// columns for rows of older rowsets.
  public var deltaCount: Int
  /// Whether the key ranges of its segments may intersect, so that reading it in key order means
  /// merging them. False for a single segment.
  public var segmentsOverlap: Bool
  /// The longest chain of compactions that has led to it; 0 for a load.
  public var mergeDepth: Int
  public var createdAt: Timestamp

  public init(
    versions: VersionRange, byteCount: Int, rowCount: Int = 0, segmentCount: Int = 1,
    deltaCount: Int = 0, segmentsOverlap: Bool = false, mergeDepth: Int = 0, createdAt: Timestamp
  ) {
    self.versions = versions
    self.byteCount = byteCount
    self.rowCount = rowCount
    self.segmentCount = segmentCount
    self.deltaCount = deltaCount
    self.segmentsOverlap = segmentsOverlap
    self.mergeDepth = mergeDepth
    self.createdAt = createdAt
  }

  /// The compaction score of Apache Doris: its segments if they overlap, else 1. An empty rowset
  /// counts as well, because it still takes a place on the read path, which is limited.
  public var score: Int { segmentsOverlap ? max(segmentCount - deltaCount, 1) : 1 }

  /// How many sorted runs a reader has to merge; 0 for an empty rowset.
  public var runCount: Int { isEmpty ? 0 : score }

  /// A rowset without segments, such as the one every tablet is born with.
  public var isEmpty: Bool { segmentCount == 0 }
}
