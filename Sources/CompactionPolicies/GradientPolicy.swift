import StorageBase
import TabletModel

/// The size-based cumulative compaction of Apache Doris since 1.1, known as gradient merging: the
/// default policy.
///
/// Candidates are the rowsets from the cumulative point on, oldest first.
///
/// 1. If together they reach the *promotion size* (a share of the base, within limits), merge them
///    all; an output of that size is handed over to base compaction.
/// 2. Otherwise drop rowsets from the front as long as the first is of a higher *level* (power of
///    two, see `SizeLadder`) than all that follow it together: merging a big rowset with little is
///    what makes write amplification grow.
/// 3. Merge what is left if it has a score of `min_deltas` or weighs `compaction_min_size_mbytes`.
/// 4. If nothing is left although the score has reached `max_deltas`, merge anyway: the rowset with
///    the most overlapping segments, or all. Otherwise the input never changes and the tablet never
///    compacts again (apache/doris PR 21732).
/// 5. Inputs are cut at the back until their score is at most `max_deltas`, down to the last pick
///    that still is worth merging. One rowset whose segments do not overlap is never picked.
///
/// With the ladder floor at 1 KiB, loads of equal size are merged about log(n) times each. Releases
/// up to 0.15 had it at the minimum size (`level_floor_kib=65536,promotion_min_size_mbytes=64`),
/// below which everything was of one level and rewritten with every few loads
/// (apache/doris PR 10153).
///
/// Beyond a base of promotion_size / promotion_ratio (20 GiB) the promotion size stops growing, so
/// base compaction comes at a constant distance and its cost grows in proportion to the base.
///
/// Left out: Doris's rule that hands rowsets over after a day without any compaction, which moves
/// the point without one.
public struct GradientPolicy: CataloguedPolicy {
  public static let name = "gradient"
  public static let summary = "merges neighbours of similar size, promotes large outputs to base"
  public static let source = "Apache Doris since 1.1, size-based cumulative compaction"

  let promotionByteCountMax: Int
  let promotionRatio: Double
  let promotionByteCountMin: Int
  let byteCountMin: Int
  let scoreMin: Int
  let scoreMax: Int
  let ladder: SizeLadder
  let base: BaseCompactionRule

  public init(_ parameters: inout PolicyParameters) {
    promotionByteCountMax = parameters.mebibytes(
      "promotion_size_mbytes", default: 1024, in: 1...(1 << 20),
      "greatest promotion size, in MiB")
    promotionRatio = parameters.number(
      "promotion_ratio", default: 0.05, in: 0...1, "promotion size as a share of the base")
    promotionByteCountMin = parameters.mebibytes(
      "promotion_min_size_mbytes", default: 128, in: 1...(1 << 20),
      "least promotion size, in MiB")
    byteCountMin = parameters.mebibytes(
      "compaction_min_size_mbytes", default: 64, in: 0...(1 << 20),
      "a cumulative compaction of less, in MiB, needs min_deltas")
    scoreMin = parameters.integer(
      "min_deltas", default: 5, in: 2...10_000,
      "least score of a cumulative compaction smaller than the minimum size")
    scoreMax = parameters.integer(
      "max_deltas", default: 1000, in: 2...100_000, "greatest score of a cumulative compaction")
    let floor = parameters.integer(
      "level_floor_kib", default: 1, in: 0...(1 << 30),
      "sizes below this, in KiB, are all of one level")
    ladder = SizeLadder(floor: floor << 10, limit: promotionByteCountMax / 2)
    parameters.require(
      promotionByteCountMin <= promotionByteCountMax,
      "promotion_min_size_mbytes must not be greater than promotion_size_mbytes")
    parameters.require(scoreMin <= scoreMax, "min_deltas must not be greater than max_deltas")
    base = BaseCompactionRule(&parameters)
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count, bytes", layout: "size-ratio stack", granularity: "suffix",
      movement: "oldest")
  }

  public func decide(_ facts: TabletFacts) -> CompactionDecision {
    decideCumulative(facts).combined(with: base.decide(facts))
  }

  /// Everything before the first rowset that is too small to have been promoted, or whose segments
  /// overlap.
  public func initialCumulativePoint(_ facts: TabletFacts) -> Version {
    let promotion = promotionByteCount(in: facts)
    for rowset in facts.rowsets {
      let isSmall = rowset.versions.first > Version(0) && rowset.byteCount < promotion
      if isSmall || rowset.segmentsOverlap { return rowset.versions.first }
    }
    return facts.endVersion
  }

  /// Beyond the output of a cumulative compaction that has reached the promotion size, computed
  /// from the base as it was when the pick was made, and beyond that of a full compaction.
  public func cumulativePoint(
    after pick: CompactionPick, output: RowsetSummary, in facts: TabletFacts
  ) -> Version {
    let isHandedOver =
      switch pick.kind {
      case .cumulative: output.byteCount >= promotionByteCount(in: facts)
      case .base: false
      case .full: true
      }
    let end = isHandedOver ? output.versions.last.next : facts.cumulativePoint
    return max(facts.cumulativePoint, end)
  }
}

// MARK: Cumulative compaction

extension GradientPolicy {
  /// `promotion_ratio` of the rowset with the smallest versions, within the limits.
  func promotionByteCount(in facts: TabletFacts) -> Int {
    let share = Double(facts.rowsets.first?.byteCount ?? 0) * promotionRatio
    return min(max(Int(share), promotionByteCountMin), promotionByteCountMax)
  }

  private func decideCumulative(_ facts: TabletFacts) -> CompactionDecision {
    if let obstacle = facts.cumulativeObstacle {
      return .wait(until: nil, because: obstacle)
    }
    let candidates = facts.cumulativeRowsets[...]
    let promotion = promotionByteCount(in: facts)
    let total = candidates.totalByteCount
    if total >= promotion {
      return compact(
        candidates,
        because: "\(ByteSize(total)) have reached the promotion size of \(ByteSize(promotion))")
    }
    let rest = droppingHeavyFront(candidates)
    if rest.isEmpty {
      guard candidates.totalScore < scoreMax else { return escape(candidates) }
      return .wait(
        until: nil,
        because: "rowsets: \(candidates.count), none of a level that fits those after it")
    }
    let byteCount = rest.totalByteCount
    let figures =
      "score \(rest.totalScore), \(ByteSize(byteCount)) in the last \(rest.count) of "
      + "\(candidates.count) rowsets"
    guard byteCount >= byteCountMin || rest.totalScore >= scoreMin else {
      return .wait(until: nil, because: figures)
    }
    return compact(rest, because: figures)
  }

  /// Drops the first rowset while it is of a higher level than all that follow it together.
  func droppingHeavyFront(
    _ candidates: ArraySlice<RowsetSummary>
  ) -> ArraySlice<RowsetSummary> {
    var following = candidates.totalByteCount
    return candidates.drop {
      following -= $0.byteCount
      return ladder.level(of: $0.byteCount) > ladder.level(of: following)
    }
  }

  private func escape(_ candidates: ArraySlice<RowsetSummary>) -> CompactionDecision {
    let reason = "score \(candidates.totalScore) has reached \(scoreMax) and no sizes fit"
    let worst = candidates.max { $0.score < $1.score }
    if let worst, worst.score > 1 { return compact([worst], because: reason) }
    return compact(candidates, because: reason)
  }

  /// Cuts the back off to keep within `max_deltas` and refuses a rewrite that changes nothing.
  private func compact(
    _ inputs: ArraySlice<RowsetSummary>, because reason: String
  ) -> CompactionDecision {
    var kept = inputs
    var score = inputs.totalScore
    while score > scoreMax, let last = kept.last, kept.dropLast().isWorthMerging {
      kept.removeLast()
      score -= last.score
    }
    guard kept.isWorthMerging else {
      return .wait(until: nil, because: "\(reason), but a single sorted rowset")
    }
    return .compact([.merging(kept, kind: .cumulative)], because: reason)
  }
}
