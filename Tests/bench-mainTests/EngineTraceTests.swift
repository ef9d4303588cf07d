import CompactionPolicies
import PolicyLab
import StorageBase
import StorageIO
import TabletEngine
import TabletModel
import Testing

@testable import bench_main

/// Traces of the engine: the recorded facts are those its policies saw, so a policy asked again
/// decides the same, and so do simulator and engine.
@Suite struct EngineTraceTests {
  private func check(_ trace: CompactionTrace, _ store: Store, _ policy: any CompactionPolicy)
    throws
  {
    let agreement = try TraceAgreement(of: trace, with: policy)
    #expect(agreement.differences == [])
    #expect(agreement.pickingCount > 0)
    #expect(agreement.pointCount > 0)
    var state = TraceState()
    for event in trace.events { try state.apply(event) }
    for tablet in store.snapshot().flatMap(\.tablets) {
      let facts = try #require(store.facts(of: tablet.id))
      #expect(state.tablets[tablet.id] == TracedTablet(facts))
    }
  }

  /// On one thread, with loads between the question and the end of the merge.
  @Test(arguments: ["gradient:min_deltas=3", "num-based:min_deltas=2", "tiered:t=3", "full:k=4"])
  func decisionsAreRecordedWithTheirFacts(spec: String) throws {
    let policy = try PolicyCatalogue.shipped.policy(spec).policy
    let clock = RecordedStore.clock()
    let executor = SimulatedExecutor(seed: 1)
    let recorded = try RecordedStore(policy, bucketCount: 2, clock: clock, executor: executor)
    let source = try recorded.source()
    for _ in 0..<60 {
      clock.advance(bySeconds: 0.25)
      if let batch = try source.nextBatch(maxRows: 20) {
        try recorded.store.load(batch, into: RecordedStore.table)
      }
      if executor.pendingCount > 1 { executor.runNext() }
    }
    executor.runAll()
    let read = try recorded.stop()
    try check(read, recorded.store, policy)
    #expect(try TracedWorkload(of: read).loads.count == 120)
    let jobs = read.events.count { if case .job = $0 { true } else { false } }
    let merges = read.events.count { if case .merge = $0 { true } else { false } }
    // Two merges of one tablet in the same instant are told as its new state.
    #expect(jobs >= merges && merges > 0)
  }

  /// Whatever the threads do, every question can be asked again on the very facts.
  @Test func threadsDoNotBlurTheFacts() throws {
    let policy = try PolicyCatalogue.shipped.policy("gradient:min_deltas=2").policy
    let pool = try WorkerPool(name: "lanes", threadCount: 2)
    let recorded = try RecordedStore(
      policy, bucketCount: 2, clock: SystemClock(), executor: pool)
    let store = recorded.store
    let writers = try WorkerPool(name: "load", threadCount: 3)
    for writer in 0..<3 {
      let source = try recorded.source(writer: writer, of: 3)
      let batches = try (0..<40).compactMap { _ in try source.nextBatch(maxRows: 10) }
      writers.submit {
        for batch in batches {
          do { _ = try store.load(batch, into: RecordedStore.table) } catch {
            Issue.record("\(error)")
          }
        }
      }
    }
    writers.shutdown()
    recorded.waitUntilQuiescent()
    let read = try recorded.stop()
    pool.shutdown()
    try check(read, store, policy)
    #expect(try TracedWorkload(of: read).byteCount > 0)
  }
}
