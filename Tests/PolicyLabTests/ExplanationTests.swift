import CompactionPolicies
import StorageBase
import TabletModel
import Testing

@testable import PolicyLab

@Suite struct ExplanationTests {
  private static let start = Timestamp(rawValue: 1_790_000_000_000_000)

  /// Sizes after the empty rowset, in KiB, oldest first.
  private static func facts(_ kibibytes: [Int], point: Int64 = 2) -> TabletFacts {
    let empty = RowsetSummary(
      versions: .initial, byteCount: 0, segmentCount: 0, createdAt: start)
    let loads = kibibytes.enumerated().map { index, size in
      RowsetSummary(
        versions: VersionRange(Int64(index + 2), Int64(index + 2)), byteCount: size << 10,
        createdAt: start)
    }
    return TabletFacts(
      rowsets: [empty] + loads, cumulativePoint: Version(point),
      now: start.advanced(bySeconds: 10))
  }

  /// The same where the first rowset lies in the place of the empty one.
  private static func based(_ kibibytes: [Int], point: Int64) -> TabletFacts {
    var facts = facts(kibibytes, point: point)
    facts.rowsets.removeFirst()
    facts.rowsets[0].versions = VersionRange(0, 2)
    return facts
  }

  private static func verdict(
    _ explanation: DecisionExplanation, _ first: Int64, _ last: Int64
  ) throws -> DecisionExplanation.Verdict {
    try #require(
      explanation.candidates.first { $0.pick.versions == VersionRange(first, last) }
    ).verdict
  }

  /// Random tablets as policies meet them: after some loads and merges, with some slots taken.
  private static func randomFacts(seed: UInt64) -> TabletFacts {
    var samples = TraceSamples(seed: seed)
    var tablet = SimulatedTablet(
      policy: GradientRules.policy, start: start,
      keysModel: samples.number(0...1) == 0 ? .duplicate : .unique)
    for _ in 0..<samples.number(1...25) {
      tablet.advance(bySeconds: 1)
      tablet.load(
        byteCount: 1 << samples.number(8...28),
        segmentCount: [1, 1, 1, 0, 3][samples.number(0...4)])
      if samples.number(0...3) == 0, case .compact(let picks, _) = tablet.decide() {
        for pick in picks { _ = try? tablet.apply(pick) }
      }
    }
    var facts = tablet.facts
    facts.cumulativePoint =
      [
        facts.cumulativePoint,
        facts.rowsets[samples.number(0...facts.rowsets.count - 1)].versions.first,
      ][samples.number(0...1)]
    if samples.number(0...2) == 0 { facts.allowedKinds.remove(.cumulative) }
    if samples.number(0...2) == 0 {
      facts.inFlight = [facts.rowsets[samples.number(0...facts.rowsets.count - 1)].versions]
    }
    return facts
  }

  private enum GradientRules {
    static var policy: any CompactionPolicy {
      var parameters = PolicyParameters(
        policy: "gradient", given: ["promotion_min_size_mbytes": "64"])
      return GradientPolicy(&parameters)
    }
  }

  /// Under every policy: all ranges are there, each once, with its costs; what is chosen is what
  /// was decided; what is refused cannot be carried out, and the rest could be.
  @Test(arguments: PolicyCatalogue.shipped.entries.map(\.name))
  func everyRangeIsAccountedFor(name: String) throws {
    let policy = try PolicyCatalogue.shipped.policy(name).policy
    for seed in 1...UInt64(12) {
      let facts = Self.randomFacts(seed: seed)
      let explanation = DecisionExplanation(of: facts, under: policy)
      let decision = policy.decide(facts)
      #expect(explanation.decision == decision)
      let count = facts.rowsets.count
      #expect(explanation.candidates.count == count * (count + 1) / 2)
      #expect(Set(explanation.candidates.map(\.pick.versions)).count == count * (count + 1) / 2)
      var picked: Set<VersionRange> = []
      if case .compact(let picks, _) = decision { picked = Set(picks.map(\.versions)) }
      #expect(Set(explanation.chosen.map(\.pick.versions)) == picked)
      for candidate in explanation.candidates {
        let inputs = facts.rowsets.filter { candidate.pick.versions.contains($0.versions) }
        #expect(candidate.byteCount == inputs.totalByteCount)
        #expect(candidate.score == inputs.totalScore)
        #expect(candidate.removedCount == max(0, inputs.count { !$0.isEmpty } - 1))
        var isValid = true
        do { _ = try candidate.pick.validated(against: facts) } catch { isValid = false }
        switch candidate.verdict {
        case .refused: #expect(!isValid)
        case .chosen: break
        case .excluded(let objection), .probed(let objection):
          #expect(isValid)
          #expect(!objection.rule.isEmpty && !objection.because.isEmpty)
        }
      }
      let inRules = explanation.rules.reduce(0) { $0 + $1.candidates.count }
      #expect(inRules + picked.count == explanation.candidates.count)
      let costs = explanation.cheapest.compactMap(\.byteCountPerRemoved)
      #expect(costs == costs.sorted())
    }
  }

  /// These say of every range why it is not chosen, and need not be asked on other facts.
  @Test(arguments: [
    "universal", "universal:max_read_amp=0", "size-tiered", "size-tiered:min_sstable_mib=0",
    "exploring", "exploring:blocking=3", "concurrent", "clickhouse", "clickhouse:plain=true",
    "lucene-tiered", "lucene-tiered:segments_per_tier=2,at_once=3", "starrocks", "adaptive",
  ]) func policiesWithObjectionsLeaveNothingToProbe(spec: String) throws {
    let policy = try PolicyCatalogue.shipped.policy(spec).policy
    for seed in 1...UInt64(40) {
      let facts = Self.randomFacts(seed: seed)
      for candidate in DecisionExplanation(of: facts, under: policy).candidates {
        guard case .probed(let objection) = candidate.verdict else { continue }
        Issue.record("seed \(seed), \(candidate.pick.versions): \(objection)")
      }
    }
  }

  @Test func policiesOfSizesStateTheirRules() throws {
    func objection(_ spec: String, _ kibibytes: [Int], _ first: Int64, _ last: Int64) throws
      -> PickObjection
    {
      let policy = try PolicyCatalogue.shipped.policy(spec).policy
      let explanation = DecisionExplanation(of: Self.facts(kibibytes), under: policy)
      guard case .excluded(let objection) = try Self.verdict(explanation, first, last) else {
        throw NoObjection()
      }
      return objection
    }
    #expect(try objection("universal", [8, 8, 8], 2, 4).rule == "trigger")
    let step = try objection("universal:max_read_amp=9", [1000, 200, 90, 40], 2, 5)
    #expect(step.rule == "size ratio")
    #expect(
      step.because == "[4-4] with 90 KiB is more than the 40 KiB after it and 1 % of that")
    #expect(try objection("size-tiered", [8, 8, 8], 2, 4).rule == "bucket not full")
    #expect(
      try objection("size-tiered:min_sstable_mib=0", [900, 8, 8, 8, 8], 2, 4).rule
        == "several buckets")
    #expect(try objection("exploring", [900, 8, 8], 2, 4).rule == "not balanced")
    #expect(try objection("exploring", [8, 8, 8], 2, 3).rule == "width")
    #expect(try objection("exploring", [8, 8, 8, 8], 2, 4).rule == "a better window")
    #expect(try objection("concurrent", [900, 8, 8, 8], 2, 5).rule == "ratio")
    #expect(try objection("clickhouse:plain=true", [8, 8, 8], 2, 4).rule == "not balanced")
    #expect(try objection("lucene-tiered", [8, 8, 8], 2, 4).rule == "segments allowed")
    #expect(try objection("starrocks", [8, 8, 8], 2, 4).rule == "too few segments")
    #expect(
      try objection("adaptive:queries_per_load=0", [8, 8, 8], 2, 4).rule == "cheaper to wait")
    #expect(try objection("adaptive", [8, 8, 8], 2, 3).rule == "without the youngest")
  }

  private struct NoObjection: Error {}

  @Test func gradientStatesItsRules() throws {
    let policy = try PolicyCatalogue.shipped.policy("gradient").policy
    // 64 MiB is of a higher level than all after it; the rest scores 3.
    let explanation = DecisionExplanation(of: Self.facts([65_536, 8, 6, 5]), under: policy)
    guard case .wait = explanation.decision else {
      Issue.record("\(explanation.decision)")
      return
    }
    guard case .excluded(let step) = try Self.verdict(explanation, 2, 5) else {
      Issue.record("no objection")
      return
    }
    #expect(step.rule == "level step")
    #expect(
      step.because == "[2-2] with 64 MiB is of level 64 MiB, above that of the 19 KiB after it "
        + "(16 KiB)")
    #expect(try Self.verdict(explanation, 3, 5).rule == "too little")
    #expect(
      try Self.verdict(explanation, 3, 5).because == "[3-5] has a score of 3, less than "
        + "min_deltas 5, and 19 KiB, less than 64 MiB")
    #expect(try Self.verdict(explanation, 4, 5).rule == "part of what fits")
    #expect(try Self.verdict(explanation, 3, 3).rule == "nothing to merge")
    #expect(try Self.verdict(explanation, 0, 5).rule == "both sides of the cumulative point")
    let promoted = DecisionExplanation(of: Self.facts([131_072, 8, 6]), under: policy)
    #expect(try Self.verdict(promoted, 2, 4) == .chosen)
    #expect(try Self.verdict(promoted, 3, 4).rule == "promotion")
  }

  @Test func baseRulesAreStated() throws {
    let policy = try PolicyCatalogue.shipped.policy("num-based:min_deltas=3").policy
    let facts = Self.based([2_097_152, 1000, 100, 100, 7, 7], point: 6)
    let explanation = DecisionExplanation(of: facts, under: policy)
    #expect(try Self.verdict(explanation, 0, 5).rule == "base: large rowsets of duplicate keys")
    #expect(try Self.verdict(explanation, 4, 5).rule == "base: part of the base")
    #expect(try Self.verdict(explanation, 3, 5).rule == "base: not due")
    #expect(try Self.verdict(explanation, 6, 7).rule == "too little")
  }

  @Test func levelsAreNamed() throws {
    let policy = try PolicyCatalogue.shipped.policy("tiered:t=3,unit_kib=1").policy
    let explanation = DecisionExplanation(of: Self.facts([9, 9, 1, 1]), under: policy)
    #expect(try Self.verdict(explanation, 2, 3).rule == "level not full")
    #expect(
      try Self.verdict(explanation, 2, 3).because == "level 2 is [2-3], rowsets: 2, limit 2")
    #expect(try Self.verdict(explanation, 3, 4).rule == "several levels")
    #expect(
      try Self.verdict(explanation, 3, 4).because
        == "levels 0 to 2 are merged apart from each other")
    #expect(try Self.verdict(explanation, 0, 5).rule == "no part of the stack")
  }

  /// A policy that says nothing about itself is asked on the tablet as it was before.
  @Test func silentPoliciesAreProbed() throws {
    let explanation = DecisionExplanation(
      of: Self.facts([4, 4, 4, 1]), under: OldestThree())
    #expect(explanation.chosen.map(\.pick.versions) == [VersionRange(2, 5)])
    guard case .probed(let objection) = try Self.verdict(explanation, 2, 4) else {
      Issue.record("not probed")
      return
    }
    #expect(objection.rule == "given up for what came later")
    #expect(objection.because == "[2-4] would be merged without the 1 after it: 3 rowsets")
    #expect(try Self.verdict(explanation, 2, 3).rule == "not wanted even if nothing newer had come")
    #expect(
      try Self.verdict(explanation, 3, 4).rule
        == "another range is taken even if nothing newer had come")
    #expect(try Self.verdict(explanation, 4, 5).rule == "another range is taken")
  }

  @Test func otherFactsAreTried() throws {
    let policy = try PolicyCatalogue.shipped.policy("tiered:t=4,unit_kib=1").policy
    var facts = Self.facts([1, 1])
    let more = WhatIf.answers(on: facts, of: policy, decision: policy.decide(facts))
    #expect(more.map(\.premise) == ["after 2 more loads like the newest one"])
    facts = Self.facts([1, 1, 1, 1])
    facts.allowedKinds = [.base]
    let free = WhatIf.answers(on: facts, of: policy, decision: policy.decide(facts))
    #expect(free.first?.premise == "if every slot were free and nothing running")
    let old = try PolicyCatalogue.shipped.policy("num-based").policy
    let base = Self.based([100_000, 10_000], point: 4)
    let later = WhatIf.answers(on: base, of: old, decision: old.decide(base))
    #expect(later.contains { $0.premise == "at the time it wants to be asked again" })
  }

  @Test func largeTabletsAreCut() throws {
    let policy = try PolicyCatalogue.shipped.policy("tiered").policy
    let explanation = DecisionExplanation(
      of: Self.facts([Int](repeating: 1, count: 1000)), under: policy)
    let lengthMax = try #require(explanation.lengthMax)
    #expect(lengthMax == 19)
    #expect(explanation.candidates.allSatisfy { $0.rowsetCount <= lengthMax })
  }

  /// Facts of a moment are those of the last question up to it.
  @Test func momentsAreFound() throws {
    var samples = TraceSamples(seed: 4)
    let id = TabletID(rawValue: 9)
    let first = Self.facts([4])
    var second = Self.facts([4, 4])
    second.now = Self.start.advanced(bySeconds: 20)
    second.rowsets[2].createdAt = second.now
    var recorder = TraceRecorder()
    var events = recorder.note(first, of: id)
    events.append(recorder.asked(first, of: id, decision: samples.decision()))
    events += recorder.note(second, of: id)
    events.append(
      recorder.asked(second, of: id, decision: .wait(until: nil, because: "second")))
    let query = TraceQuery(CompactionTrace(origin: TraceOrigin(source: "engine"), events: events))
    let at = { (seconds: Double) in Self.start.advanced(bySeconds: seconds) }
    #expect(try query.answer(at: at(15), tablet: nil, kind: nil).facts == first)
    let answer = try query.answer(at: at(20), tablet: id, kind: .base)
    #expect(answer.facts == second)
    #expect(answer.recorded == .wait(until: nil, because: "second"))
    #expect(throws: StorageError.self) { try query.answer(at: at(1), tablet: id, kind: nil) }
    #expect(throws: StorageError.self) {
      try query.answer(at: at(30), tablet: TabletID(rawValue: 1), kind: nil)
    }
    // Nobody asked: the tablet as it stands.
    let state = CompactionTrace(
      origin: TraceOrigin(source: "doris"),
      events: [.tablet(id, TracedTablet(first), at: Self.start)])
    let standing = try TraceQuery(state).answer(at: at(5), tablet: nil, kind: nil)
    #expect(standing.facts.rowsets == first.rowsets)
    #expect(standing.facts.now == at(5))
    #expect(standing.recorded == nil)
  }
}

/// Merges everything once there are three rowsets.
private struct OldestThree: CompactionPolicy {
  var designPoint: DesignPoint {
    DesignPoint(trigger: "run count", layout: "single run", granularity: "all", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    let all = facts.components
    guard all.count >= 3 else { return .wait(until: nil, because: "few") }
    return .compact([.merging(all, kind: .cumulative)], because: "\(all.count) rowsets")
  }
}
