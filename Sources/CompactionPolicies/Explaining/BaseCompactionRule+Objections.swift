import StorageBase
import TabletModel

extension BaseCompactionRule {
  /// Why ranges before the cumulative point are left alone, by the steps of the rule.
  func objections(on facts: TabletFacts) -> (CompactionPick) -> PickObjection? {
    if let obstacle = facts.baseObstacle {
      return { _ in PickObjection("not now", because: obstacle) }
    }
    let candidates = candidates(among: facts)
    let spared = facts.baseRowsets.dropLast(candidates.count)
    let inputs = withinScore(candidates)
    let decision = decide(facts)
    return { pick in
      if let large = spared.last(where: { pick.versions.contains($0.versions) }) {
        return PickObjection(
          "base: large rowsets of duplicate keys",
          because: "\(large.versions) has \(ByteSize(large.byteCount)), and leading rowsets of "
            + "\(ByteSize(duplicateKeyByteCountMax)) or more are not rewritten")
      }
      guard let first = inputs.first, let last = inputs.last else { return nil }
      let all = VersionRange(first.versions.first, last.versions.last)
      if pick.versions.last > last.versions.last {
        return PickObjection(
          "base: score", because: "inputs end with \(last.versions), over a score of \(scoreMax)")
      }
      guard pick.versions == all else {
        return PickObjection(
          "base: part of the base", because: "the rule merges all of \(all) or nothing")
      }
      // What of it is not due.
      guard case .wait(_, let reason) = decision else { return nil }
      return PickObjection("base: not due", because: reason)
    }
  }
}
