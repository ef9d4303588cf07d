/// When a load merges segments of its own while it goes on (segment compaction of Apache Doris):
/// a load of many buffers leaves a sorted segment for each, which all overlap, and readers and
/// compactions would have to merge them until a compaction has.
///
/// Once `segmentCountMin` segments have not been looked at, neighbours among them that are small
/// enough become one, as many as a job may have; large ones stay as they are. What has been looked
/// at once is not again.
public struct SegmentCompactionRules: Hashable, Sendable {
  /// `segcompaction_batch_size`; at least 2.
  public var segmentCountMin = 10
  /// `segcompaction_candidate_max_rows`.
  public var candidateRowCountMax = 1 << 20
  /// `segcompaction_candidate_max_bytes`.
  public var candidateByteCountMax = 100 << 20
  /// `segcompaction_task_max_rows`.
  public var jobRowCountMax = 1_572_864
  /// `segcompaction_task_max_bytes`.
  public var jobByteCountMax = 150 << 20

  public init() {}

  /// What is known of a segment.
  struct Candidate: Hashable {
    let rowCount: Int
    let byteCount: Int
  }

  /// Runs of two or more neighbours to make one segment of each, ascending and disjoint; none
  /// before there are enough segments.
  func jobs(among segments: [Candidate]) -> [Range<Int>] {
    guard segments.count >= segmentCountMin else { return [] }
    var jobs: [Range<Int>] = []
    var start = 0
    var rowCount = 0
    var byteCount = 0
    func end(at place: Int) {
      if place - start > 1 { jobs.append(start..<place) }
    }
    for (place, segment) in segments.enumerated() {
      let isCandidate =
        segment.rowCount <= candidateRowCountMax && segment.byteCount <= candidateByteCountMax
      let fits =
        rowCount + segment.rowCount <= jobRowCountMax
        && byteCount + segment.byteCount <= jobByteCountMax
      if !isCandidate || !fits {
        end(at: place)
        start = isCandidate ? place : place + 1
        (rowCount, byteCount) = (0, 0)
      }
      guard isCandidate else { continue }
      rowCount += segment.rowCount
      byteCount += segment.byteCount
    }
    end(at: segments.count)
    return jobs
  }
}
