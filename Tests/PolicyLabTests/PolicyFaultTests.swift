import PolicyLab
import StorageBase
import TabletModel
import Testing

/// A policy that does as told.
private struct ScriptedPolicy: CompactionPolicy {
  var decision: @Sendable (TabletFacts) -> CompactionDecision
  var point: @Sendable (TabletFacts) -> Version = { $0.cumulativePoint }

  var designPoint: DesignPoint {
    DesignPoint(trigger: "script", layout: "any", granularity: "any", movement: "n/a")
  }
  func decide(_ facts: TabletFacts) -> CompactionDecision { decision(facts) }
  func cumulativePoint(
    after pick: CompactionPick, output: RowsetSummary, in facts: TabletFacts
  ) -> Version { point(facts) }
}

@Suite struct PolicyFaultTests {
  private func fault(_ policy: ScriptedPolicy) -> PolicyFault? {
    do {
      _ = try CanonicalModel().run(policy, flushCount: 3)
      return nil
    } catch { return error as? PolicyFault }
  }

  @Test func aDecisionWithoutPicksIsALivelock() {
    let policy = ScriptedPolicy { _ in .compact([], because: "just so") }
    #expect(fault(policy) == .noPicks(because: "just so"))
  }

  @Test func aPickMustValidate() {
    let lone = CompactionPick(kind: .cumulative, versions: VersionRange(2, 2), urgency: 1)
    let policy = ScriptedPolicy { _ in .compact([lone], because: "") }
    #expect(fault(policy) == .refusedPick(.nothingToMerge(lone)))
  }

  @Test(arguments: [1, 4])
  func theCumulativePointStaysAheadWithinTheTablet(target: Int64) {
    let pair = CompactionPick(kind: .full, versions: VersionRange(0, 2), urgency: 1)
    let policy = ScriptedPolicy(
      decision: {
        $0.rowsets.count > 1 ? .compact([pair], because: "") : .wait(until: nil, because: "")
      }, point: { _ in Version(target) })
    #expect(
      fault(policy)
        == .misplacedCumulativePoint(pair, from: Version(2), to: Version(target)))
  }

  /// Random bits are part of the facts and follow from the seed.
  @Test func chanceIsReplayable() throws {
    let policy = ScriptedPolicy { facts in
      facts.entropy % 3 == 0 && facts.rowsets.count > 1
        ? .compact([.merging(facts.rowsets, kind: .full)], because: "chance")
        : .wait(until: nil, because: "chance")
    }
    let run = try CanonicalModel(seed: 7).run(policy, flushCount: 100)
    #expect(try CanonicalModel(seed: 7).run(policy, flushCount: 100) == run)
    #expect(try CanonicalModel(seed: 8).run(policy, flushCount: 100) != run)
  }
}
