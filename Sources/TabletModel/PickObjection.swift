/// Why a policy leaves a range of rowsets alone: for people who want to know.
public struct PickObjection: Hashable, Sendable {
  /// The rule in few words, the same for all ranges it excludes.
  public var rule: String
  /// How the rule applies to this range, with figures.
  public var because: String

  public init(_ rule: String, because: String) {
    self.rule = rule
    self.because = because
  }
}

extension CompactionPolicy {
  /// Says nothing: `explain` then finds out what it can by asking `decide` on other facts.
  public func objections(on facts: TabletFacts) -> (CompactionPick) -> PickObjection? {
    { _ in nil }
  }
}
