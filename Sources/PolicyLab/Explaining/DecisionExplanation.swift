import StorageBase
import TabletModel

/// What a policy wants done with a tablet, beside everything else that could be done with it.
public struct DecisionExplanation: Sendable {
  /// A range of neighbouring rowsets, what merging it would cost and bring, and what becomes of it.
  public struct Candidate: Hashable, Sendable {
    /// Of the kind its place in the tablet calls for, with its score as urgency.
    public let pick: CompactionPick
    public let rowsetCount: Int
    public let byteCount: Int
    public let score: Int
    /// Components that readers would have less.
    public let removedCount: Int
    public let verdict: Verdict

    /// Bytes to write for each component less; nil where there would be none less.
    public var byteCountPerRemoved: Double? {
      removedCount > 0 ? Double(byteCount) / Double(removedCount) : nil
    }
  }

  public enum Verdict: Hashable, Sendable {
    case chosen
    /// Nobody could carry it out.
    case refused(PickRefusal)
    /// A rule of the policy is against it.
    case excluded(PickObjection)
    /// The policy does not say; this is how it answers on other facts.
    case probed(PickObjection)

    /// The rule in few words, the same for all ranges it excludes.
    public var rule: String {
      switch self {
      case .chosen: "chosen"
      case .refused(.kindNotAllowed): "no slot of the kind"
      case .refused(.notWholeRowsets): "not whole rowsets"
      case .refused(.inFlight): "being merged"
      case .refused(.nothingToMerge): "nothing to merge"
      case .refused(.overlapsAnotherPick): "overlaps another pick"
      case .excluded(let objection), .probed(let objection): objection.rule
      }
    }

    public var because: String {
      switch self {
      case .chosen: ""
      case .refused(let refusal): refusal.description
      case .excluded(let objection), .probed(let objection): objection.because
      }
    }
  }

  public let facts: TabletFacts
  public let decision: CompactionDecision
  /// In the order of their first rowsets, then of their length.
  public let candidates: [Candidate]
  /// Longer ranges were left out, for there are too many of them; nil if none was.
  public let lengthMax: Int?

  /// How many ranges are looked at.
  static let candidateCountMax = 20_000

  /// - Parameter decision: what the policy said; nil asks it.
  /// - Complexity: as many questions to the policy as there are rowsets, at most 20 000 ranges.
  public init(
    of facts: TabletFacts, under policy: any CompactionPolicy,
    decision recorded: CompactionDecision? = nil
  ) {
    self.facts = facts
    let decision = recorded ?? policy.decide(facts)
    self.decision = decision
    let count = facts.rowsets.count
    let lengthMax = max(1, Self.candidateCountMax / max(1, count))
    self.lengthMax = lengthMax < count ? lengthMax : nil
    var judge = RangeJudge(facts, policy, decision)
    var candidates: [Candidate] = []
    for first in 0..<count {
      var sum = Candidate.Sum()
      for last in first..<min(count, first + lengthMax) {
        sum.add(facts.rowsets[last])
        candidates.append(judge.candidate(first...last, sum))
      }
    }
    self.candidates = candidates
  }

  public var chosen: [Candidate] {
    candidates.filter { $0.verdict == .chosen }
  }

  /// Ranges that were not chosen, by the rule against them; most ranges first.
  public var rules: [(rule: String, candidates: [Candidate])] {
    let others = candidates.filter { $0.verdict != .chosen }
    return Dictionary(grouping: others, by: \.verdict.rule)
      .map { (rule: $0.key, candidates: $0.value) }
      .sorted { ($1.candidates.count, $0.rule) < ($0.candidates.count, $1.rule) }
  }

  /// Ranges that could be merged, those first that cost least for each component less.
  public var cheapest: [Candidate] {
    candidates.filter {
      if case .refused = $0.verdict { false } else { $0.byteCountPerRemoved != nil }
    }
    .sorted { a, b in
      let (left, right) = (a.byteCountPerRemoved ?? .infinity, b.byteCountPerRemoved ?? .infinity)
      return left == right ? a.removedCount > b.removedCount : left < right
    }
  }
}

extension DecisionExplanation.Candidate {
  /// Totals of neighbouring rowsets.
  struct Sum {
    var byteCount = 0
    var score = 0
    var componentCount = 0

    mutating func add(_ rowset: RowsetSummary) {
      byteCount += rowset.byteCount
      score += rowset.score
      componentCount += rowset.isEmpty ? 0 : 1
    }
  }
}

/// Finds out what becomes of ranges.
private struct RangeJudge {
  private let facts: TabletFacts
  private let decision: CompactionDecision
  private let chosen: [VersionRange: CompactionPick]
  private let objection: (CompactionPick) -> PickObjection?
  private var probe: PrefixProbe

  init(_ facts: TabletFacts, _ policy: any CompactionPolicy, _ decision: CompactionDecision) {
    self.facts = facts
    self.decision = decision
    var chosen: [VersionRange: CompactionPick] = [:]
    if case .compact(let picks, _) = decision {
      for pick in picks { chosen[pick.versions] = pick }
    }
    self.chosen = chosen
    objection = policy.objections(on: facts)
    probe = PrefixProbe(facts, policy, decision)
  }

  mutating func candidate(
    _ places: ClosedRange<Int>, _ sum: DecisionExplanation.Candidate.Sum
  ) -> DecisionExplanation.Candidate {
    let versions = VersionRange(
      facts.rowsets[places.lowerBound].versions.first,
      facts.rowsets[places.upperBound].versions.last)
    let pick =
      chosen[versions]
      ?? CompactionPick(kind: kind(of: versions), versions: versions, urgency: Double(sum.score))
    return DecisionExplanation.Candidate(
      pick: pick, rowsetCount: places.count, byteCount: sum.byteCount, score: sum.score,
      removedCount: max(0, sum.componentCount - 1), verdict: verdict(on: pick, places))
  }

  private func kind(of versions: VersionRange) -> CompactionKind {
    if versions.first >= facts.cumulativePoint { return .cumulative }
    return versions.last < facts.cumulativePoint ? .base : .full
  }

  private mutating func verdict(
    on pick: CompactionPick, _ places: ClosedRange<Int>
  ) -> DecisionExplanation.Verdict {
    if chosen[pick.versions] != nil { return .chosen }
    if facts.isInFlight(pick.versions) { return .refused(.inFlight(pick)) }
    guard facts.rowsets[places].isWorthMerging else { return .refused(.nothingToMerge(pick)) }
    guard facts.allowedKinds.contains(pick.kind) else { return .refused(.kindNotAllowed(pick)) }
    if let objection = objection(pick) { return .excluded(objection) }
    return .probed(probe.objection(to: pick, endingAt: places.upperBound))
  }
}
