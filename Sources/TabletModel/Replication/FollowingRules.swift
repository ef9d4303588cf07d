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
  /// Rowsets that an output has to replace to be taken at once. With more, a replica skips what the
  /// compactor makes on the way, and its readers meet more rowsets.
  public var inputCountMin: Int
  /// Bytes of an output below which it is not fetched: to bring it costs as much as to merge its
  /// inputs, which is a file made, synced and logged either way. The same rowsets are merged
  /// instead, in one step where the compactor took several.
  public var fetchByteCountMin: Int
  /// Rowsets that so small an output has to replace to be merged at once. Each merge that is passed
  /// over is one saved.
  public var smallInputCountMin: Int

  public init(
    waitSeconds: Double = 10, scoreMax: Int = 100, failureCountMax: Int = 3,
    inputCountMin: Int = 2, fetchByteCountMin: Int = 64 << 10, smallInputCountMin: Int = 16
  ) {
    self.inputCountMin = inputCountMin
    self.fetchByteCountMin = fetchByteCountMin
    self.smallInputCountMin = smallInputCountMin
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
    /// Whether an output is the same in whatever steps it was made.
    public var mayComeInOtherSteps: Bool
    /// Since when the own policy has wanted something that nobody has done.
    public var wantedSince: Timestamp?
    /// Fetches that have failed since one succeeded.
    public var failureCount: Int

    public init(
      facts: TabletFacts, wanted: [CompactionPick], offers: [CompactionOffer], isCompactor: Bool,
      mayComeInOtherSteps: Bool = true, wantedSince: Timestamp? = nil, failureCount: Int = 0
    ) {
      self.mayComeInOtherSteps = mayComeInOtherSteps
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
    /// Do the same merge: it costs nothing but names, or no more than to fetch its output.
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
    let best = situation.failureCount < failureCountMax ? bestOffer(situation) : nil
    if let best, isWorthTaking(best.pick, best.offer, situation) {
      return (
        best.offer.isLinked || isSmall(best.offer)
          ? .imitate(best.pick) : .fetch(best.offer, best.pick),
        situation.wantedSince
      )
    }
    if situation.wanted.isEmpty, best == nil { return (.rest, nil) }
    // A clock that was set back must not make a wish wait for long.
    let since = min(situation.wantedSince ?? facts.now, facts.now)
    let end = since.advanced(bySeconds: waitSeconds)
    // What is offered is taken then at the latest.
    if best != nil { return (.wait(until: end), since) }
    if situation.isCompactor { return (.compact(because: "this replica compacts"), since) }
    let score = facts.components.totalScore
    if score > scoreMax {
      return (.compact(because: "score \(score) is above \(scoreMax)"), since)
    }
    if situation.failureCount >= failureCountMax {
      return (.compact(because: "\(situation.failureCount) fetches have failed"), since)
    }
    if end <= facts.now {
      return (.compact(because: "nobody has done it for \(waitSeconds) s"), since)
    }
    return (.wait(until: end), since)
  }

  /// The one that replaces the most rowsets, of those that follow from these by known steps; else
  /// of those that have the same versions.
  private func bestOffer(
    _ situation: Situation
  ) -> (offer: CompactionOffer, pick: CompactionPick)? {
    let facts = situation.facts
    let own = Set(facts.rowsets.map(\.versions))
    var best: (offer: CompactionOffer, pick: CompactionPick)?
    var bestRank = (0, 0)
    for offer in situation.offers {
      guard let fit = offer.fit(facts.rowsets) else { continue }
      let isDirect = fit == .sameRowsets
      if !isDirect, offer.isLinked || !situation.mayComeInOtherSteps { continue }
      let pick = CompactionPick.merging(
        facts.rowsets.filter { offer.versions.contains($0.versions) }, kind: offer.kind)
      guard let inputCount = Self.inputCount(of: pick, facts) else { continue }
      let isKnown = isDirect || offer.expectedRowsets(own, among: situation.offers) != nil
      let rank = (isKnown ? 1 : 0, inputCount)
      if rank > bestRank { (best, bestRank) = ((offer, pick), rank) }
    }
    return best
  }

  /// Whether an output replaces enough to be taken now.
  private func isWorthTaking(
    _ pick: CompactionPick, _ offer: CompactionOffer, _ situation: Situation
  ) -> Bool {
    let facts = situation.facts
    let inputCount = Self.inputCount(of: pick, facts) ?? 0
    let since = situation.wantedSince ?? facts.now
    let least =
      isSmall(offer) && !offer.isLinked ? max(inputCountMin, smallInputCountMin) : inputCountMin
    return inputCount >= least || facts.components.totalScore > scoreMax
      || facts.now.seconds(since: since) >= waitSeconds
  }

  private func isSmall(_ offer: CompactionOffer) -> Bool { offer.byteCount < fetchByteCountMin }

  /// Nil when the pick cannot be carried out now.
  private static func inputCount(of pick: CompactionPick, _ facts: TabletFacts) -> Int? {
    do { return try pick.validated(against: facts).count } catch { return nil }
  }
}
