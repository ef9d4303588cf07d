import CompactionPolicies
import IngestDriver
import PolicyLab
import StorageBase
import StorageIO
import StrangersPolicy
import TabletEngine
import TabletModel
import Testing

@testable import bench_main

/// A policy that knows `TabletModel` and nothing else runs wherever the shipped ones do.
@Suite struct StrangersPolicyTests {
  private static let policy = ByDepth(t: 3)

  @Test func inTheCanonicalModel() throws {
    for flushes in [1, 9, 27, 100] {
      let run = try CanonicalModel(loadByteCount: 1).run(Self.policy, flushCount: flushes)
      var expected = 0
      var level = 3
      while level <= flushes {
        expected += level * (flushes / level)
        level *= 3
      }
      #expect(run.mergeByteCount == expected, "\(flushes) flushes")
    }
  }

  @Test func againstTheClock() throws {
    var model = TimedModel()
    model.arrivals = .constant(perSecond: 10)
    var events: [TraceEvent] = []
    let run = try model.run(
      Self.policy, loadCount: 81,
      observer: TimedObserver(sampleSeconds: .infinity, onTrace: { events.append($0) }))
    #expect(run.loadCount == 81)
    #expect(run.mergeCount > 20)
    let trace = CompactionTrace(origin: TraceOrigin(source: "timed"), events: events)
    let agreement = try TraceAgreement(of: trace, with: Self.policy)
    #expect(agreement.differences == [] && agreement.pickingCount >= run.mergeCount)
  }

  /// Loads into a store on one thread; what it did is then asked again, run again in virtual time,
  /// and explained.
  @Test func inTheEngineAndInReplays() throws {
    let folder = try TemporaryFolder()
    let clock = ManualClock(Timestamp(rawValue: 1_790_000_000_000_000))
    let factory = try OrderEvents(OrderEvents.Parameters())
    let store = try Store.create("/store", files: MemoryFileSystem(), clock: clock, entropy: 7)
    try store.createTable(
      TableDefinition(
        name: "orders", schema: factory.schema, distribution: ["user_id"], bucketCount: 1))
    let path = folder.path + "/stranger.trace"
    let recording = EngineTrace(
      store: store, file: try TraceFile(path: path, origin: TraceOrigin(source: "engine")))
    let executor = SimulatedExecutor(seed: 1)
    let scheduler = CompactionScheduler(
      store: store, policy: Self.policy,
      rules: SchedulingRules(cumulativeSlotCount: 1), executors: [executor, executor],
      onEvent: { recording.finished($0) }, onRefusal: { Issue.record("refused: \($0)") },
      onDecision: { recording.asked($0, $1, $2) })
    recording.start()
    scheduler.start()
    let source = try factory.makeSource(writer: 0, writerCount: 1)
    for _ in 0..<27 {
      clock.advance(bySeconds: 1)
      if let batch = try source.nextBatch(maxRows: 10) { try store.load(batch, into: "orders") }
      executor.runAll()
    }
    scheduler.stop(cancelRunning: false)
    try recording.stop()
    // Three of three of three.
    let tablet = try #require(store.snapshot().flatMap(\.tablets).first)
    #expect(tablet.state.componentCount == 1)

    let trace = try CompactionTrace(path: path)
    #expect(try TraceAgreement(of: trace, with: Self.policy).differences == [])
    var model = TimedModel()
    model.replay(try TracedWorkload(of: trace))
    var merged: [VersionRange] = []
    _ = try model.run(
      Self.policy, loadCount: 27,
      observer: TimedObserver(onMerge: { merged.append($0.pick.versions) }))
    let recorded = trace.events.compactMap {
      if case .merge(_, let merge) = $0 { merge.output.versions } else { nil }
    }
    #expect(merged == recorded && merged.count == 13)
    let query = TraceQuery(trace)
    let answer = try query.answer(
      at: query.start.advanced(bySeconds: 2.5), tablet: tablet.id, kind: nil)
    let explanation = DecisionExplanation(of: answer.facts, under: Self.policy)
    #expect(explanation.rules.contains { $0.rule == "the policy waits" })
  }
}
