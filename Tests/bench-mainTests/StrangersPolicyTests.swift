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
    let clock = RecordedStore.clock()
    let executor = SimulatedExecutor(seed: 1)
    let recorded = try RecordedStore(
      Self.policy, bucketCount: 1, clock: clock, executor: executor)
    let source = try recorded.source()
    for _ in 0..<27 {
      clock.advance(bySeconds: 1)
      if let batch = try source.nextBatch(maxRows: 10) {
        try recorded.store.load(batch, into: RecordedStore.table)
      }
      executor.runAll()
    }
    let trace = try recorded.stop()
    // Three of three of three.
    let tablet = try #require(recorded.store.snapshot().flatMap(\.tablets).first)
    #expect(tablet.state.componentCount == 1)

    #expect(try TraceAgreement(of: trace, with: Self.policy).differences == [])
    var model = TimedModel()
    model.replay(try TracedWorkload(of: trace))
    var merged: [VersionRange] = []
    _ = try model.run(
      Self.policy, loadCount: 27,
      observer: TimedObserver(onMerge: { merged.append($0.pick.versions) }))
    let expected = trace.events.compactMap {
      if case .merge(_, let merge) = $0 { merge.output.versions } else { nil }
    }
    #expect(merged == expected && merged.count == 13)
    let query = TraceQuery(trace)
    let answer = try query.answer(
      at: query.start.advanced(bySeconds: 2.5), tablet: tablet.id, kind: nil)
    let explanation = DecisionExplanation(of: answer.facts, under: Self.policy)
    #expect(explanation.rules.contains { $0.rule == "the policy waits" })
  }
}
