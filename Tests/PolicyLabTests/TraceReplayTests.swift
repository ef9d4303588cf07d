import CompactionPolicies
import StorageBase
import Synchronization
import TabletModel
import Testing

@testable import PolicyLab

/// Traces of the simulator: what is recorded is what was decided, and can be run again.
@Suite struct TraceReplayTests {
  private static func model(seed: UInt64) -> TimedModel {
    var model = TimedModel()
    model.arrivals = .bursty(perSecond: 100, onSeconds: 1, offSeconds: 3)
    model.sizes = .logNormal(medianByteCount: 256 << 10, sigma: 1)
    model.tabletCount = 2
    model.costs.bandwidth = Double(20 << 20)
    model.queries = .constant(perSecond: 5)
    model.seed = seed
    return model
  }

  private static func record(
    _ model: TimedModel, _ policy: any CompactionPolicy, loadCount: Int
  ) throws -> (CompactionTrace, TimedRun) {
    var events: [TraceEvent] = []
    let run = try model.run(
      policy, loadCount: loadCount,
      observer: TimedObserver(sampleSeconds: .infinity, onTrace: { events.append($0) }))
    return (CompactionTrace(origin: TraceOrigin(source: "timed"), events: events), run)
  }

  private static let policies = PolicyCatalogue.shipped.entries.map(\.name)

  /// Every policy, asked again on facts read back from text, decides as it did.
  @Test(arguments: policies) func recordedDecisionsAreMadeAgain(name: String) throws {
    let policy = try PolicyCatalogue.shipped.policy(name).policy
    let (trace, run) = try Self.record(Self.model(seed: 7), policy, loadCount: 300)
    let read = try CompactionTrace(parsing: Array(trace.text.utf8), file: "t")
    let agreement = try TraceAgreement(of: read, with: policy)
    #expect(agreement.differences == [])
    #expect(agreement.questionCount > 100)
    #expect(agreement.pointCount >= run.mergeCount)
    #expect(agreement.pickingCount >= agreement.pointCount)
  }

  /// Nothing that a policy can see is missing from a trace.
  @Test func theFactsAreThoseThePolicyWasGiven() throws {
    let policy = try PolicyCatalogue.shipped.policy("num-based").policy
    let witness = Witness(policy)
    var model = Self.model(seed: 5)
    model.queries = .constant(perSecond: 10)
    let trace = try Self.record(model, witness, loadCount: 100).0
    let read = try CompactionTrace(parsing: Array(trace.text.utf8), file: "t")
    var rebuilt: [TabletFacts] = []
    try read.walk { event, state in
      guard case .ask(let id, let question) = event else { return }
      if let facts = state.facts(of: question, tablet: id) { rebuilt.append(facts) }
    }
    // At the end debts are worked out by questions that are none of the run.
    let given = witness.given.withLock { $0 }
    #expect(rebuilt.count > 100)
    #expect(given.filter { rebuilt.contains($0) }.count >= rebuilt.count)
    #expect(rebuilt.allSatisfy { given.contains($0) })
    #expect(rebuilt.contains { $0.traffic?.costs != nil })
  }

  @Test func anotherPolicyIsFoundOut() throws {
    let policy = try PolicyCatalogue.shipped.policy("gradient:min_deltas=5").policy
    let other = try PolicyCatalogue.shipped.policy("gradient:min_deltas=6").policy
    let trace = try Self.record(Self.model(seed: 7), policy, loadCount: 100).0
    let agreement = try TraceAgreement(of: trace, with: other)
    let first = try #require(agreement.differences.first)
    #expect(first.recorded != first.found)
    guard case .ask = trace.events[first.event] else {
      Issue.record("the first difference is not a question")
      return
    }
  }

  /// Recording changes nothing.
  @Test func recordedRunsAreTheSameRuns() throws {
    let policy = try PolicyCatalogue.shipped.policy("tiered").policy
    let model = Self.model(seed: 3)
    #expect(
      try Self.record(model, policy, loadCount: 200).1 == model.run(policy, loadCount: 200))
  }

  /// Under the policy that was recorded, on the same machine, a replay merges the same versions at
  /// the same times: the trace holds all that came from outside.
  @Test(arguments: ["gradient", "tiered", "num-based", "full:k=8"])
  func replaysMergeTheSame(spec: String) throws {
    let policy = try PolicyCatalogue.shipped.policy(spec).policy
    var model = Self.model(seed: 11)
    // Loads that take no time, so that they are visible when they are due.
    model.costs.secondsPerLoad = 0
    model.costs.loadBytesPerSecond = .infinity
    model.backPressure = .none
    let (trace, run) = try Self.record(model, policy, loadCount: 400)
    let workload = try TracedWorkload(of: trace)
    #expect(workload.loads.count == 400)
    #expect(workload.byteCount == run.loadedByteCount)
    var again = model
    again.arrivals = .closed
    again.sizes = .constant(byteCount: 1)
    again.replay(workload)
    let (second, secondRun) = try Self.record(again, policy, loadCount: workload.loads.count)
    #expect(secondRun.loadedByteCount == run.loadedByteCount)
    #expect(Self.merges(second) == Self.merges(trace))
    #expect(secondRun.mergeWrittenByteCount == run.mergeWrittenByteCount)
  }

  private static func merges(_ trace: CompactionTrace) -> [String] {
    trace.events.compactMap {
      guard case .merge(let id, let merge) = $0 else { return nil }
      return "\(id) \(merge.kind) \(merge.output.versions) \(merge.output.byteCount)"
    }
  }

  /// A trace need not begin with empty tablets, at time 0.
  @Test func replaysBeginWhereTheTraceDoes() throws {
    let policy = try PolicyCatalogue.shipped.policy("gradient").policy
    let start = Timestamp(rawValue: 1_790_000_000_000_000)
    var rowsets = [
      RowsetSummary(versions: VersionRange(0, 9), byteCount: 1 << 30, createdAt: start)
    ]
    for version in 10..<20 {
      rowsets.append(
        RowsetSummary(
          versions: VersionRange(Int64(version), Int64(version)), byteCount: 1 << 20,
          createdAt: start))
    }
    let tablet = TracedTablet(
      keysModel: .duplicate, rowsets: rowsets, cumulativePoint: Version(10), lastSuccessAt: [:])
    let id = TabletID(rawValue: 44)
    let load = RowsetSummary(
      versions: VersionRange(20, 20), byteCount: 5 << 20, rowCount: 7,
      createdAt: start.advanced(bySeconds: 2))
    let trace = CompactionTrace(
      origin: TraceOrigin(source: "doris"),
      events: [.tablet(id, tablet, at: start), .load(id, load, visibleAt: load.createdAt)])
    var model = TimedModel()
    model.replay(try TracedWorkload(of: trace))
    let (replay, run) = try Self.record(model, policy, loadCount: 1)
    #expect(run.loadCount == 1)
    #expect(run.seconds == 2)
    #expect(replay.events.first == .tablet(TabletID(rawValue: 0), tablet, at: start))
    let merge = try #require(Self.merges(replay).first)
    #expect(merge == "0 cumulative [10-19] \(10 << 20)")
    #expect(
      replay.events.contains { event in
        if case .load(_, let rowset, _) = event { rowset == load } else { false }
      })
  }
}

/// Remembers all facts that a policy is given.
private final class Witness: CompactionPolicy {
  let given = Mutex<[TabletFacts]>([])
  private let base: any CompactionPolicy

  init(_ base: any CompactionPolicy) { self.base = base }

  var designPoint: DesignPoint { base.designPoint }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    given.withLock { $0.append(facts) }
    return base.decide(facts)
  }

  func initialCumulativePoint(_ facts: TabletFacts) -> Version {
    base.initialCumulativePoint(facts)
  }

  func cumulativePoint(
    after pick: CompactionPick, output: RowsetSummary, in facts: TabletFacts
  ) -> Version {
    base.cumulativePoint(after: pick, output: output, in: facts)
  }
}
