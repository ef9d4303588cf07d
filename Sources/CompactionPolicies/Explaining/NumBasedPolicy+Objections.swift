import StorageBase
import TabletModel

extension NumBasedPolicy {
  public func objections(on facts: TabletFacts) -> (CompactionPick) -> PickObjection? {
    let ofBase = base.objections(on: facts)
    let inputs = inputs(among: facts)
    return { pick in
      switch pick.kind {
      case .full: return .straddles(facts)
      case .base: return ofBase(pick)
      case .cumulative: break
      }
      if let obstacle = facts.cumulativeObstacle {
        return PickObjection("not now", because: obstacle)
      }
      guard let first = inputs.first, let last = inputs.last else { return nil }
      let all = VersionRange(first.versions.first, last.versions.last)
      guard pick.versions == all else {
        return PickObjection(
          "part of the candidates", because: "the policy merges all of \(all) or nothing")
      }
      return PickObjection(
        "too little",
        because: "\(all) has a score of \(inputs.totalScore), less than min_deltas \(scoreMin)")
    }
  }
}
