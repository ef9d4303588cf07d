import CompactionPolicies
import IngestDriver
import PolicyLab
import StorageBase
import StorageIO
import Synchronization
import TabletEngine
import TabletModel
import Testing

@testable import bench_main

/// Traces of the engine: the recorded facts are those its policies saw, so a policy asked again
/// decides the same, and so do simulator and engine.
@Suite struct EngineTraceTests {
  private let folder: TemporaryFolder
  private let clock = ManualClock(Timestamp(rawValue: 1_790_000_000_000_000))

  init() throws { folder = try TemporaryFolder() }

  private func makeStore(_ factory: OrderEvents, clock: any TimeSource) throws -> Store {
    let store = try Store.create("/store", files: MemoryFileSystem(), clock: clock, entropy: 7)
    try store.createTable(
      TableDefinition(
        name: "orders", schema: factory.schema, distribution: ["user_id"], bucketCount: 2))
    return store
  }

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
    let factory = try OrderEvents(OrderEvents.Parameters())
    let store = try makeStore(factory, clock: clock)
    let path = folder.path + "/run.trace"
    let trace = EngineTrace(
      store: store,
      file: try TraceFile(path: path, origin: TraceOrigin(source: "engine", policy: spec)))
    let executor = SimulatedExecutor(seed: 1)
    let scheduler = CompactionScheduler(
      store: store, policy: policy,
      rules: SchedulingRules(cumulativeSlotCount: 1), executors: [executor, executor], seed: 3,
      onEvent: { trace.finished($0) }, onDecision: { trace.asked($0, $1, $2) })
    trace.start()
    scheduler.start()
    let source = try factory.makeSource(writer: 0, writerCount: 1)
    for _ in 0..<60 {
      clock.advance(bySeconds: 0.25)
      if let batch = try source.nextBatch(maxRows: 20) { try store.load(batch, into: "orders") }
      if executor.pendingCount > 1 { executor.runNext() }
    }
    executor.runAll()
    scheduler.stop(cancelRunning: false)
    try trace.stop()
    let read = try CompactionTrace(path: path)
    try check(read, store, policy)
    #expect(try TracedWorkload(of: read).loads.count == 120)
    let jobs = read.events.count { if case .job = $0 { true } else { false } }
    let merges = read.events.count { if case .merge = $0 { true } else { false } }
    // Two merges of one tablet in the same instant are told as its new state.
    #expect(jobs >= merges && merges > 0)
  }

  /// Whatever the threads do, every question can be asked again on the very facts.
  @Test func threadsDoNotBlurTheFacts() throws {
    let policy = try PolicyCatalogue.shipped.policy("gradient:min_deltas=2").policy
    let factory = try OrderEvents(OrderEvents.Parameters())
    let store = try makeStore(factory, clock: SystemClock())
    let path = folder.path + "/threads.trace"
    let trace = EngineTrace(
      store: store, file: try TraceFile(path: path, origin: TraceOrigin(source: "engine")))
    let pool = try WorkerPool(name: "lanes", threadCount: 2)
    let scheduler = CompactionScheduler(
      store: store, policy: policy,
      rules: SchedulingRules(cumulativeSlotCount: 1), executors: [pool, pool],
      onEvent: { trace.finished($0) }, onDecision: { trace.asked($0, $1, $2) })
    trace.start()
    scheduler.start()
    let writers = try WorkerPool(name: "load", threadCount: 3)
    for writer in 0..<3 {
      let source = try factory.makeSource(writer: writer, writerCount: 3)
      let batches = try (0..<40).compactMap { _ in try source.nextBatch(maxRows: 10) }
      writers.submit {
        for batch in batches {
          do { _ = try store.load(batch, into: "orders") } catch { Issue.record("\(error)") }
        }
      }
    }
    writers.shutdown()
    scheduler.waitUntilQuiescent(pause: { sleepThread(nanoseconds: 1_000_000) }, giveUp: { false })
    scheduler.stop(cancelRunning: false)
    pool.shutdown()
    try trace.stop()
    let read = try CompactionTrace(path: path)
    try check(read, store, policy)
    #expect(try TracedWorkload(of: read).byteCount > 0)
  }
}
