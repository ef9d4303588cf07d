import StorageBase
import TabletModel

/// The time-series cumulative compaction of Apache Doris, for logs that are loaded in order of time
/// and seldom read as a whole: every byte is merged once.
///
/// Candidates are loads that have never been compacted, from the oldest one after the cumulative
/// point on.
///
/// 1. When they weigh `goal_mib`, they are merged up to the one that reaches it. A load of that
///    size whose segments do not overlap is passed over, and those after it start anew.
/// 2. Else `empty_rowsets` empty ones in a row are merged.
/// 3. Else all are merged when their score has reached `file_count`,
/// 4. or when `time_s` have passed since the last cumulative compaction; before the first one,
///    since the oldest candidate came.
///
/// What comes out is handed over to the base at once and, with `levels=1`, never touched again.
/// With `levels=2` outputs of the first round are merged once more when neighbours weigh twice the
/// goal, at most 2048 MiB.
///
/// The number of rowsets grows with the data, by design: it is the data divided by the goal.
public struct TimeSeriesPolicy: CataloguedPolicy {
  public static let name = "time-series"
  public static let summary = "merges each load once, into rowsets of a goal size"
  public static let source = "Apache Doris since 2.0, time-series cumulative compaction"

  let goalByteCount: Int
  let fileCountMin: Int
  let intervalSeconds: Double
  let emptyCountMin: Int
  let levelCount: Int

  public init(_ parameters: inout PolicyParameters) {
    goalByteCount = parameters.mebibytes(
      "goal_mib", default: 1024, in: 1...(1 << 20), "size of outputs, in MiB")
    fileCountMin = parameters.integer(
      "file_count", default: 2000, in: 2...1_000_000, "score at which loads are merged anyway")
    intervalSeconds = parameters.number(
      "time_s", default: 3600, in: 1...1e9, "seconds after which loads are merged anyway")
    emptyCountMin = parameters.integer(
      "empty_rowsets", default: 5, in: 2...10_000, "empty loads in a row that are merged")
    levelCount = parameters.integer(
      "levels", default: 1, in: 1...2, "how many times a byte is merged")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "bytes, run count, age", layout: "time buckets", granularity: "window",
      movement: "oldest")
  }

  public func decide(_ facts: TabletFacts) -> CompactionDecision {
    if let obstacle = facts.mergeObstacle(besideMerges: false) {
      return .wait(until: nil, because: obstacle)
    }
    let young = facts.cumulativeRowsets.drop { $0.mergeDepth > 0 }
    let first = decideFirstRound(young, facts)
    guard levelCount > 1, case .wait = first, let again = secondRound(facts) else { return first }
    return again
  }

  private func decideFirstRound(
    _ young: ArraySlice<RowsetSummary>, _ facts: TabletFacts
  ) -> CompactionDecision {
    let (heap, isGoal) = collect(young)
    let figures = "score \(heap.totalScore), \(ByteSize(heap.totalByteCount)) of loads"
    if isGoal { return compact(heap, because: "\(figures) reach the goal") }
    if let empties = empties(among: facts.rowsets.dropFirst()) {
      return compact(empties, because: "\(empties.count) empty loads in a row")
    }
    guard heap.isWorthMerging, let oldest = heap.first else {
      return .wait(until: nil, because: figures)
    }
    if heap.totalScore >= fileCountMin {
      return compact(heap, because: "\(figures), score at least \(fileCountMin)")
    }
    let start = facts.lastSuccessAt[.cumulative] ?? oldest.createdAt
    let dueAt = start.advanced(bySeconds: intervalSeconds)
    guard facts.now >= dueAt else { return .wait(until: dueAt, because: figures) }
    return compact(heap, because: "\(figures), \(intervalSeconds) s after the last compaction")
  }

  /// The loads to merge, and whether they reach the goal.
  private func collect(
    _ young: ArraySlice<RowsetSummary>
  ) -> (ArraySlice<RowsetSummary>, isGoal: Bool) {
    var start = young.startIndex
    var byteCount = 0
    for place in young.indices {
      byteCount += young[place].byteCount
      guard byteCount >= goalByteCount else { continue }
      if young[start...place].isWorthMerging { return (young[start...place], true) }
      start = place + 1
      byteCount = 0
    }
    return (young[start...], false)
  }

  /// Of any age: empty loads that have been merged before count as well, or there would be more and
  /// more of them.
  private func empties(among rowsets: ArraySlice<RowsetSummary>) -> ArraySlice<RowsetSummary>? {
    var start = rowsets.startIndex
    for place in rowsets.indices where !rowsets[place].isEmpty {
      if place - start >= emptyCountMin { return rowsets[start..<place] }
      start = place + 1
    }
    return rowsets.endIndex - start >= emptyCountMin ? rowsets[start...] : nil
  }

  /// Neighbours that have been merged once and together weigh twice the goal.
  private func secondRound(_ facts: TabletFacts) -> CompactionDecision? {
    let goal = max(goalByteCount, min(2 * goalByteCount, 2048 << 20))
    var start = 0
    var byteCount = 0
    for (place, rowset) in facts.rowsets.enumerated() {
      guard rowset.mergeDepth == 1 else {
        start = place + 1
        byteCount = 0
        continue
      }
      byteCount += rowset.byteCount
      guard byteCount >= goal else { continue }
      if place > start {
        return compact(
          facts.rowsets[start...place], because: "\(ByteSize(byteCount)) of outputs, second round")
      }
      start = place + 1
      byteCount = 0
    }
    return nil
  }

  private func compact(
    _ inputs: ArraySlice<RowsetSummary>, because reason: String
  ) -> CompactionDecision {
    .compact([.merging(inputs, kind: .cumulative)], because: reason)
  }

  /// The first load that has not been merged, or whose segments overlap.
  public func initialCumulativePoint(_ facts: TabletFacts) -> Version {
    for rowset in facts.rowsets where rowset.versions.first >= Version.initial.next {
      if rowset.segmentsOverlap || rowset.versions.isSingleton { return rowset.versions.first }
    }
    return max(facts.endVersion, Version.initial.next)
  }

  public func cumulativePoint(
    after pick: CompactionPick, output: RowsetSummary, in facts: TabletFacts
  ) -> Version {
    // Empty loads may be merged before older ones have been.
    output.isEmpty
      ? facts.cumulativePoint : max(facts.cumulativePoint, output.versions.last.next)
  }
}
