import StorageBase
import TabletModel

/// Finds out what a policy that does not explain itself has against a range, by asking it about the
/// tablet as it was before anything newer than the range had come.
struct PrefixProbe {
  private let facts: TabletFacts
  private let policy: any CompactionPolicy
  /// By the number of the last rowset there is.
  private var decisions: [Int: CompactionDecision]

  init(_ facts: TabletFacts, _ policy: any CompactionPolicy, _ decision: CompactionDecision) {
    self.facts = facts
    self.policy = policy
    decisions = [facts.rowsets.count - 1: decision]
  }

  mutating func objection(to pick: CompactionPick, endingAt last: Int) -> PickObjection {
    let newer = facts.rowsets.count - 1 - last
    let without = newer == 0 ? "" : " without the \(newer) after it"
    switch decision(endingAt: last) {
    case .wait(_, let reason):
      return PickObjection(
        newer == 0 ? "the policy waits" : "not wanted\(Self.evenAlone)", because: reason)
    case .compact(let picks, let reason):
      if picks.contains(where: { $0.versions == pick.versions }) {
        return PickObjection(
          "given up for what came later",
          because: "\(pick.versions) would be merged\(without): \(reason)")
      }
      let others = picks.map { "\($0.versions)" }.joined(separator: ", ")
      return PickObjection(
        newer == 0 ? "another range is taken" : "another range is taken\(Self.evenAlone)",
        because: "\(others)\(without): \(reason)")
    }
  }

  private static let evenAlone = " even if nothing newer had come"

  private mutating func decision(endingAt last: Int) -> CompactionDecision {
    if let known = decisions[last] { return known }
    var before = facts
    before.rowsets.removeLast(facts.rowsets.count - 1 - last)
    before.cumulativePoint = min(facts.cumulativePoint, before.endVersion)
    let end = before.endVersion
    before.inFlight.removeAll { $0.last >= end }
    let decision = policy.decide(before)
    decisions[last] = decision
    return decision
  }
}
