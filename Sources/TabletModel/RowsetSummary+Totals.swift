extension Sequence<RowsetSummary> {
  public var totalByteCount: Int { reduce(0) { $0 + $1.byteCount } }

  /// The compaction score of Apache Doris for a set of rowsets.
  public var totalScore: Int { reduce(0) { $0 + $1.score } }
}

extension Collection<RowsetSummary> {
  /// Whether merging these would change anything: they are several, or one whose segments overlap.
  public var isWorthMerging: Bool { count > 1 || contains(where: \.segmentsOverlap) }
}
