import StorageBase

/// When a replica leaves a compaction to the one that compacts the tablet, when it takes over what
/// that has made, and when it compacts itself after all. Pure: the same rules run in stores and in
/// simulations.
public struct FollowingRules: Hashable, Sendable {
  /// How long what the own policy wants is left to the compactor.
  public var waitSeconds: Double
  /// The score of a tablet (what readers pay) above which nothing is left to others.
  public var scoreMax: Int
  /// Fetches of one tablet that may fail in a row before it compacts itself.
  public var failureCountMax: Int

  public init(waitSeconds: Double = 10, scoreMax: Int = 100, failureCountMax: Int = 3) {
    self.waitSeconds = waitSeconds
    self.scoreMax = scoreMax
    self.failureCountMax = failureCountMax
  }

  /// What is to be decided about.
  public struct Situation: Sendable {
    public var facts: TabletFacts
    /// What the own policy wants.
    public var wanted: [CompactionPick]
    /// What others offer, the oldest first, without what has been refused.
    public var offers: [CompactionOffer]
    /// Whether this replica is the one to compact.
    public var isCompactor: Bool
    /// Since when the own policy has wanted something that nobody has done.
    public var wantedSince: Timestamp?
    /// Fetches that have failed since one succeeded.
    public var failureCount: Int

    public init(
      facts: TabletFacts, wanted: [CompactionPick], offers: [CompactionOffer], isCompactor: Bool,
      wantedSince: Timestamp? = nil, failureCount: Int = 0
    ) {
      self.facts = facts
      self.wanted = wanted
      self.offers = offers
      self.isCompactor = isCompactor
      self.wantedSince = wantedSince
      self.failureCount = failureCount
    }
  }

  public enum Course: Hashable, Sendable {
    /// Take over the output of this offer in the place of these rowsets.
    case fetch(CompactionOffer, CompactionPick)
    /// Do the same merge: it costs nothing but names.
    case imitate(CompactionPick)
    /// Do what the own policy wants.
    case compact(because: String)
    /// Leave it to the compactor until then.
    case wait(until: Timestamp)
    /// The own policy wants nothing, and nothing is offered.
    case rest
  }

  /// What to do now, and since when something is wanted that nobody has done.
  public func course(_ situation: Situation) -> (course: Course, wantedSince: Timestamp?) {
    let facts = situation.facts
    if situation.failureCount < failureCountMax, let (offer, pick) = bestOffer(situation) {
      return (
        offer.isLinked ? .imitate(pick) : .fetch(offer, pick), situation.wantedSince
      )
    }
    if situation.wanted.isEmpty { return (.rest, nil) }
    // A clock that was set back must not make a wish wait for long.
    let since = min(situation.wantedSince ?? facts.now, facts.now)
    if situation.isCompactor { return (.compact(because: "this replica compacts"), since) }
    let score = facts.components.totalScore
    if score > scoreMax {
      return (.compact(because: "score \(score) is above \(scoreMax)"), since)
    }
    if situation.failureCount >= failureCountMax {
      return (.compact(because: "\(situation.failureCount) fetches have failed"), since)
    }
    let end = since.advanced(bySeconds: waitSeconds)
    if end <= facts.now {
      return (.compact(because: "nobody has done it for \(waitSeconds) s"), since)
    }
    return (.wait(until: end), since)
  }

  /// The oldest offer whose inputs are cut as own rowsets are, since each leads to the next; else
  /// the one that replaces the most.
  private func bestOffer(
    _ situation: Situation
  ) -> (CompactionOffer, CompactionPick)? {
    let facts = situation.facts
    var best: (CompactionOffer, CompactionPick, inputCount: Int)?
    for offer in situation.offers {
      guard let fit = offer.fit(facts.rowsets) else { continue }
      let pick = CompactionPick.merging(
        facts.rowsets.filter { offer.versions.contains($0.versions) }, kind: offer.kind)
      guard let inputCount = Self.inputCount(of: pick, facts) else { continue }
      switch fit {
      case .sameRowsets: return (offer, pick)
      case .sameVersions:
        if offer.isLinked { continue }
        if inputCount > best?.inputCount ?? 0 { best = (offer, pick, inputCount) }
      }
    }
    return best.map { ($0.0, $0.1) }
  }

  /// Nil when the pick cannot be carried out now.
  private static func inputCount(of pick: CompactionPick, _ facts: TabletFacts) -> Int? {
    do { return try pick.validated(against: facts).count } catch { return nil }
  }
}
