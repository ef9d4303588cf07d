import StorageBase

extension CompactionDecision {
  /// Both decisions as one, this one's picks first: for policies made of independent parts, such
  /// as a cumulative rule and a base rule. Their picks must be disjoint.
  ///
  /// A compaction prevails over a wait; two waits end at the earlier time.
  public func combined(with other: CompactionDecision) -> CompactionDecision {
    switch (self, other) {
    case (.compact(let picks, let reason), .compact(let otherPicks, let otherReason)):
      return .compact(picks + otherPicks, because: "\(reason); \(otherReason)")
    case (.compact, .wait): return self
    case (.wait, .compact): return other
    case (.wait(let until, let reason), .wait(let otherUntil, let otherReason)):
      let times = [until, otherUntil].compactMap { $0 }
      return .wait(until: times.min(), because: "\(reason); \(otherReason)")
    }
  }
}

extension [CompactionPick] {
  /// Of each kind the first, in their order: what a scheduler chooses from. Others get their turn
  /// when the tablet is asked about again.
  public var firstOfEachKind: [CompactionPick] {
    guard count > 1 else { return self }
    return indices.filter { place in
      !self[..<place].contains { $0.kind == self[place].kind }
    }.map { self[$0] }
  }
}
