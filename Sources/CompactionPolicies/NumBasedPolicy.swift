import StorageBase
import TabletModel

/// The cumulative compaction of Apache Doris before 1.1 (`NUM_BASED`), kept as a baseline.
///
/// As soon as the rowsets after the cumulative point score `min_deltas`, all of them (up to a
/// score of `max_deltas`) are merged, and whatever comes out is handed over to base compaction at
/// once. Each load is therefore merged once by the cumulative part, and then the base is rewritten
/// for every few such outputs: write amplification grows in proportion to the data, which is what
/// apache/doris PR 4164 answered with the size-based policy.
///
/// Releases before 1.1 left rowsets younger than 30 s alone because replaced rowsets were deleted
/// at once; stale rowsets are retained here, so there is no such window.
public struct NumBasedPolicy: CataloguedPolicy {
  public static let name = "num-based"
  public static let summary = "merges every few loads and promotes every output to base"
  public static let source = "Apache Doris 0.12 to 1.0, NUM_BASED cumulative compaction"

  let scoreMin: Int
  let scoreMax: Int
  let base: BaseCompactionRule

  public init(_ parameters: inout PolicyParameters) {
    scoreMin = parameters.integer(
      "min_deltas", default: 5, in: 2...10_000, "least score of a cumulative compaction")
    scoreMax = parameters.integer(
      "max_deltas", default: 1000, in: 2...100_000, "score at which its inputs end")
    parameters.require(scoreMin <= scoreMax, "min_deltas must not be greater than max_deltas")
    base = BaseCompactionRule(&parameters)
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "single run + tier", granularity: "suffix",
      movement: "oldest")
  }

  public func decide(_ facts: TabletFacts) -> CompactionDecision {
    decideCumulative(facts).combined(with: base.decide(facts))
  }

  private func decideCumulative(_ facts: TabletFacts) -> CompactionDecision {
    if let obstacle = facts.cumulativeObstacle {
      return .wait(until: nil, because: obstacle)
    }
    let inputs = inputs(among: facts)
    guard inputs.totalScore >= scoreMin else {
      return .wait(until: nil, because: "score \(inputs.totalScore), less than \(scoreMin)")
    }
    return .compact(
      [.merging(inputs, kind: .cumulative)],
      because: "score \(inputs.totalScore), at least \(scoreMin)")
  }

  /// From the cumulative point on, up to a score of `max_deltas`.
  func inputs(among facts: TabletFacts) -> ArraySlice<RowsetSummary> {
    var scoreBefore = 0
    return facts.cumulativeRowsets.prefix { rowset in
      defer { scoreBefore += rowset.score }
      return scoreBefore < scoreMax
    }
  }

  /// The start of the first rowset that is a load or whose segments overlap: everything before
  /// has been compacted.
  public func initialCumulativePoint(_ facts: TabletFacts) -> Version {
    for rowset in facts.rowsets where rowset.segmentsOverlap || rowset.versions.isSingleton {
      return rowset.versions.first
    }
    return facts.endVersion
  }

  public func cumulativePoint(
    after pick: CompactionPick, output: RowsetSummary, in facts: TabletFacts
  ) -> Version {
    max(facts.cumulativePoint, output.versions.last.next)
  }
}
