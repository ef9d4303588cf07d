import StorageBase
import TabletModel
import Testing

@Suite struct FollowingRulesTests {
  private let rules = FollowingRules(
    waitSeconds: 10, scoreMax: 6, failureCountMax: 2, fetchByteCountMin: 0)

  private static func seconds(_ seconds: Double) -> Timestamp {
    Timestamp(rawValue: 1_000_000_000).advanced(bySeconds: seconds)
  }

  /// Rowsets that end at these versions; the first begins at 2.
  static func rowsets(endingAt ends: [Int64]) -> [RowsetSummary] {
    var first: Int64 = 2
    return ends.map { end in
      defer { first = end + 1 }
      return RowsetSummary(
        versions: VersionRange(first, end), byteCount: 10, rowCount: 1, createdAt: seconds(0))
    }
  }

  private static func facts(_ rowsets: [RowsetSummary], at second: Double) -> TabletFacts {
    TabletFacts(rowsets: rowsets, cumulativePoint: Version(2), now: seconds(second))
  }

  static func offer(
    _ inputs: [VersionRange], ordinal: UInt64 = 0, isLinked: Bool = false,
    kind: CompactionKind = .cumulative
  ) -> CompactionOffer {
    CompactionOffer(
      id: CompactionOffer.ID(epoch: 1, ordinal: ordinal), kind: kind, definition: 0,
      inputs: inputs.map { RowsetFingerprint(versions: $0, segments: []) },
      versions: VersionRange(inputs[0].first, inputs[inputs.count - 1].last), rowCount: 1,
      segments: [], isLinked: isLinked)
  }

  private func situation(
    _ facts: TabletFacts, wants: Bool = true, offers: [CompactionOffer] = [],
    isCompactor: Bool = false, since: Double? = nil, failures: Int = 0
  ) -> FollowingRules.Situation {
    FollowingRules.Situation(
      facts: facts, wanted: wants ? [.merging(facts.rowsets, kind: .cumulative)] : [],
      offers: offers, isCompactor: isCompactor, wantedSince: since.map { Self.seconds($0) },
      failureCount: failures)
  }

  @Test func theCompactorCompacts() {
    let facts = Self.facts(Self.rowsets(endingAt: [2, 3]), at: 5)
    let (course, since) = rules.course(situation(facts, isCompactor: true))
    guard case .compact = course else {
      Issue.record("\(course)")
      return
    }
    #expect(since == facts.now)
    #expect(rules.course(situation(facts, wants: false, isCompactor: true)).course == .rest)
  }

  @Test func othersWaitAndThenHelpThemselves() {
    let facts = Self.facts(Self.rowsets(endingAt: [2, 3]), at: 5)
    #expect(rules.course(situation(facts)).course == .wait(until: Self.seconds(15)))
    #expect(rules.course(situation(facts, since: 1)).course == .wait(until: Self.seconds(11)))
    guard case .compact = rules.course(situation(facts, since: -5)).course else {
      Issue.record("it waits although nobody has come")
      return
    }
    // A wish from the future: the clock has been set back.
    #expect(rules.course(situation(facts, since: 500)).course == .wait(until: Self.seconds(15)))
    #expect(rules.course(situation(facts, wants: false, since: 1)).wantedSince == nil)
  }

  @Test func aHighScoreAndFailuresEndTheWait() {
    let many = Self.facts(Self.rowsets(endingAt: [2, 3, 4, 5, 6, 7, 8]), at: 5)
    guard case .compact = rules.course(situation(many)).course else {
      Issue.record("seven components are above the limit of six")
      return
    }
    let facts = Self.facts(Self.rowsets(endingAt: [2, 3]), at: 5)
    let offers = [Self.offer([VersionRange(2, 2), VersionRange(3, 3)])]
    guard case .fetch = rules.course(situation(facts, offers: offers, failures: 1)).course,
      case .compact = rules.course(situation(facts, offers: offers, failures: 2)).course
    else {
      Issue.record("it fetches until two fetches have failed")
      return
    }
  }

  @Test func theLastOfSeveralStepsIsTaken() {
    let facts = Self.facts(Self.rowsets(endingAt: [2, 3, 4]), at: 5)
    let first = Self.offer([VersionRange(2, 2), VersionRange(3, 3)], ordinal: 0)
    let second = Self.offer([VersionRange(2, 3), VersionRange(4, 4)], ordinal: 1)
    let all = CompactionPick.merging(facts.rowsets, kind: .cumulative)
    #expect(
      rules.course(situation(facts, wants: false, offers: [first, second])).course
        == .fetch(second, all))
    // The first step is not known, so that rows would have to be counted: better one that is.
    let other = Self.offer([VersionRange(3, 3), VersionRange(4, 4)], ordinal: 2)
    #expect(
      rules.course(situation(facts, wants: false, offers: [second, other])).course
        == .fetch(other, .merging(facts.rowsets[1...], kind: .cumulative)))
    #expect(
      rules.course(situation(facts, wants: false, offers: [second])).course == .fetch(second, all))
    // Where steps matter they are taken one by one.
    var stepwise = situation(facts, wants: false, offers: [first, second])
    stepwise.mayComeInOtherSteps = false
    #expect(
      rules.course(stepwise).course
        == .fetch(first, .merging(facts.rowsets[..<2], kind: .cumulative)))
  }

  @Test func smallOutputsMayWait() {
    let lazy = FollowingRules(
      waitSeconds: 10, scoreMax: 6, inputCountMin: 4, fetchByteCountMin: 0)
    let offers = [Self.offer([VersionRange(2, 2), VersionRange(3, 3)])]
    let facts = Self.facts(Self.rowsets(endingAt: [2, 3]), at: 5)
    let (course, since) = lazy.course(situation(facts, wants: false, offers: offers))
    #expect(course == .wait(until: Self.seconds(15)))
    #expect(since == facts.now)
    let fetch = FollowingRules.Course.fetch(
      offers[0], .merging(facts.rowsets, kind: .cumulative))
    #expect(
      lazy.course(situation(facts, wants: false, offers: offers, since: -5)).course == fetch)
    let many = Self.facts(Self.rowsets(endingAt: [2, 3, 4, 5, 6, 7, 8]), at: 5)
    guard case .fetch = lazy.course(situation(many, wants: false, offers: offers)).course else {
      Issue.record("seven components are above the limit of six")
      return
    }
  }

  @Test func whatCostsNothingIsImitated() {
    let facts = Self.facts(Self.rowsets(endingAt: [2, 3]), at: 5)
    let offers = [Self.offer([VersionRange(2, 2), VersionRange(3, 3)], isLinked: true)]
    #expect(
      rules.course(situation(facts, offers: offers)).course
        == .imitate(.merging(facts.rowsets, kind: .cumulative)))
  }

  /// Outputs that cost as much to bring as to make are made again, and not all of them.
  @Test func whatCostsLittleIsImitatedInFewSteps() {
    let thrifty = FollowingRules(
      waitSeconds: 10, scoreMax: 20, fetchByteCountMin: 1, smallInputCountMin: 4)
    let offers = [
      Self.offer([VersionRange(2, 2), VersionRange(3, 3)]),
      Self.offer([VersionRange(2, 3), VersionRange(4, 4), VersionRange(5, 5)], ordinal: 1),
    ]
    let facts = Self.facts(Self.rowsets(endingAt: [2, 3, 4, 5]), at: 5)
    #expect(
      thrifty.course(situation(facts, offers: [offers[0]])).course
        == .wait(until: Self.seconds(15)))
    // Both steps in one.
    #expect(
      thrifty.course(situation(facts, offers: offers)).course
        == .imitate(.merging(facts.rowsets, kind: .cumulative)))
    #expect(
      thrifty.course(situation(facts, offers: [offers[0]], since: -5)).course
        == .imitate(.merging(facts.rowsets[..<2], kind: .cumulative)))
  }

  @Test func whatIsRunningAndWhatHasNoSlotIsLeftAlone() {
    var facts = Self.facts(Self.rowsets(endingAt: [2, 3]), at: 5)
    let offers = [Self.offer([VersionRange(2, 2), VersionRange(3, 3)])]
    facts.allowedKinds = [.base]
    #expect(rules.course(situation(facts, wants: false, offers: offers)).course == .rest)
    facts.allowedKinds = [.cumulative]
    facts.inFlight = [VersionRange(3, 3)]
    #expect(rules.course(situation(facts, wants: false, offers: offers)).course == .rest)
    facts.inFlight = []
    guard case .fetch = rules.course(situation(facts, wants: false, offers: offers)).course else {
      Issue.record("nothing is in its way")
      return
    }
  }
}
