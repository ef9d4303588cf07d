import IngestDriver
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletEngine
import Testing

@testable import StreamDriver

/// A table that refuses loads stops the source, nothing is lost, and the interval grows.
struct BackPressureTests {
  /// Refuses commits for as long as it is told to, and says that versions pile up.
  private final class MoodySink: StreamSink {
    private let inner: StoreSink
    let refuses = Mutex(false)

    init(_ inner: StoreSink) { self.inner = inner }

    func recover(_ recovery: SinkRecovery) throws { try inner.recover(recovery) }
    func begin(_ label: LoadLabel?) throws -> any SinkLoad { try inner.begin(label) }
    func versionFill() -> Double { refuses.withLock { $0 } ? 0.9 : 0 }

    func commit(_ load: PendingLoad) throws {
      if refuses.withLock({ $0 }) {
        throw StorageError.tooManyVersions(
          table: "orders", tablet: TabletID(rawValue: 1), count: 9, limit: 9)
      }
      try inner.commit(load)
    }
  }

  private final class Told: StreamObserver {
    let lines = Mutex<[String]>([])
    func rowsBecameVisible(_ arrivals: [RowArrival], at now: Timestamp) {}
    func streamHasTrouble(_ text: String) { lines.withLock { $0.append(text) } }
  }

  private let clock = ManualClock(Timestamp(rawValue: 1_790_000_000_000_000))

  private func step(_ run: StreamRun, times: Int) {
    for turn in 0..<times {
      for writer in 0..<run.writerCount { _ = run.step(writer: writer) }
      _ = run.stepCoordinator()
      if turn % 5 == 0 { clock.advance(bySeconds: 0.05) }
    }
  }

  @Test func aRefusingTableStopsTheSource() throws {
    let files = MemoryFileSystem()
    let store = try Store.create("/store", files: files, clock: clock, entropy: 1)
    let events = try OrderEvents()
    try store.createTable(TableDefinition(name: "orders", schema: events.schema))
    let sink = MoodySink(StoreSink(store, tables: ["orders"]))
    let source = GeneratedSource(
      events, partitionCount: 2, rowsPerPartition: 20_000, clock: clock)
    var plan = StreamPlan(source: source, sink: sink, labelPrefix: "moody") { _, _ in
      PassingStages(table: "orders")
    }
    plan.writerCount = 2
    plan.batchRowCount = 20
    plan.pacing = CheckpointPacing(seconds: 0.5, longestSeconds: 2)
    let told = Told()
    let run = try StreamRun(
      plan, stateDirectory: "/state", files: files, clock: clock, observer: told)
    step(run, times: 100)
    let visible = try store.snapshot(of: "orders").rowCount
    #expect(visible > 0)
    sink.refuses.withLock { $0 = true }
    step(run, times: 300)
    let bytes = files.counters[.log].bytesWritten
    step(run, times: 1000)
    // Nothing is read any more, so nothing is written.
    #expect(files.counters[.log].bytesWritten == bytes)
    #expect(run.failure == nil)
    #expect(run.status.refusal?.contains("the limit is 9") == true)
    sink.refuses.withLock { $0 = false }
    for _ in 0..<500 where !run.status.isFinished { step(run, times: 20) }
    #expect(run.status.isFinished && run.status.refusal == nil)
    #expect(try store.snapshot(of: "orders").rowCount == 40_000)
  }

  @Test func theIntervalGrowsAndSaysSo() throws {
    let files = MemoryFileSystem()
    let events = try OrderEvents()
    // Nobody compacts, and forty versions are the limit.
    let source = GeneratedSource(events, partitionCount: 1, rowsPerPartition: 100_000, clock: clock)
    var options = StoreOptions()
    options.tabletVersionCountMax = 40
    let limited = try Store.create(
      "/limited", files: files, clock: clock, entropy: 1, options: options)
    try limited.createTable(TableDefinition(name: "orders", schema: events.schema))
    var plan = StreamPlan(
      source: source, sink: StoreSink(limited, tables: ["orders"]), labelPrefix: "grows"
    ) { _, _ in PassingStages(table: "orders") }
    plan.batchRowCount = 5
    plan.pacing = CheckpointPacing(seconds: 0.05, longestSeconds: 1)
    let told = Told()
    let run = try StreamRun(
      plan, stateDirectory: "/state", files: files, clock: clock, observer: told)
    step(run, times: 2000)
    #expect(run.status.intervalSeconds > 0.05)
    #expect(told.lines.withLock { $0 }.contains { $0.contains("lengthened") })
  }
}
