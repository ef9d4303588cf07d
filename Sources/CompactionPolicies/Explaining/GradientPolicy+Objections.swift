import StorageBase
import TabletModel

extension GradientPolicy {
  /// By the steps of the algorithm, in their order.
  public func objections(on facts: TabletFacts) -> (CompactionPick) -> PickObjection? {
    let ofBase = base.objections(on: facts)
    let ofCumulative = cumulativeObjections(on: facts)
    return { pick in
      switch pick.kind {
      case .cumulative: ofCumulative(pick)
      case .base: ofBase(pick)
      case .full: .straddles(facts)
      }
    }
  }

  private func cumulativeObjections(
    on facts: TabletFacts
  ) -> (CompactionPick) -> PickObjection? {
    if let obstacle = facts.cumulativeObstacle {
      return { _ in PickObjection("not now", because: obstacle) }
    }
    let candidates = facts.cumulativeRowsets[...]
    let total = candidates.totalByteCount
    let promotion = promotionByteCount(in: facts)
    if total >= promotion {
      let reason = """
        the \(candidates.count) candidates together, \(ByteSize(total)), have reached the \
        promotion size of \(ByteSize(promotion)): all are merged, up to a score of \(scoreMax)
        """
      return { _ in PickObjection("promotion", because: reason) }
    }
    let rest = droppingHeavyFront(candidates)
    let dropped = candidates[..<rest.startIndex]
    return { pick in
      if let heavy = dropped.last(where: { pick.versions.contains($0.versions) }) {
        return levelStep(heavy, in: candidates)
      }
      guard let first = rest.first, let last = rest.last else { return nil }
      let all = VersionRange(first.versions.first, last.versions.last)
      guard pick.versions == all else {
        return PickObjection(
          "part of what fits", because: "the policy merges all of \(all) or nothing")
      }
      guard rest.totalScore <= scoreMax else {
        return PickObjection(
          "max_deltas",
          because: "\(all) has a score of \(rest.totalScore); inputs end at \(scoreMax)")
      }
      return PickObjection(
        "too little",
        because: "\(all) has a score of \(rest.totalScore), less than min_deltas \(scoreMin), and "
          + "\(ByteSize(rest.totalByteCount)), less than \(ByteSize(byteCountMin))")
    }
  }

  private func levelStep(
    _ heavy: RowsetSummary, in candidates: ArraySlice<RowsetSummary>
  ) -> PickObjection {
    let following = candidates.filter { $0.versions.first > heavy.versions.last }.totalByteCount
    let own = ByteSize(ladder.level(of: heavy.byteCount))
    let others = ByteSize(ladder.level(of: following))
    return PickObjection(
      "level step",
      because: "\(heavy.versions) with \(ByteSize(heavy.byteCount)) is of level \(own), above that "
        + "of the \(ByteSize(following)) after it (\(others))")
  }
}

extension PickObjection {
  /// Of policies that never merge across the cumulative point.
  static func straddles(_ facts: TabletFacts) -> PickObjection {
    PickObjection(
      "both sides of the cumulative point",
      because: "what lies before version \(facts.cumulativePoint) is merged apart from the rest")
  }
}
