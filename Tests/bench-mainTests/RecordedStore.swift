import IngestDriver
import PolicyLab
import StorageBase
import StorageIO
import TabletEngine
import TabletModel
import Testing

@testable import bench_main

/// A store in memory with a table of orders that a policy compacts, and the trace of what happens.
final class RecordedStore {
  let store: Store
  private let factory: OrderEvents
  private let folder: TemporaryFolder
  private let path: String
  private let trace: EngineTrace
  private let scheduler: CompactionScheduler

  static let table = "orders"

  /// A day of this century.
  static func clock() -> ManualClock { ManualClock(Timestamp(rawValue: 1_790_000_000_000_000)) }

  /// - Parameter executor: where all merges run.
  init(
    _ policy: any CompactionPolicy, bucketCount: Int, clock: any TimeSource,
    executor: any JobExecutor
  ) throws {
    factory = try OrderEvents(OrderEvents.Parameters())
    store = try Store.create("/store", files: MemoryFileSystem(), clock: clock, entropy: 7)
    try store.createTable(
      TableDefinition(
        name: Self.table, schema: factory.schema, distribution: ["user_id"],
        bucketCount: bucketCount))
    folder = try TemporaryFolder()
    path = folder.path + "/run.trace"
    let trace = EngineTrace(
      store: store, sink: try TraceFile(path: path, origin: TraceOrigin(source: "engine")))
    self.trace = trace
    scheduler = CompactionScheduler(
      store: store, policy: policy, rules: SchedulingRules(cumulativeSlotCount: 1),
      executors: [executor, executor], seed: 3, onEvent: { trace.finished($0) },
      onRefusal: { Issue.record("refused: \($0)") }, onDecision: { trace.asked($0, $1, $2) })
    trace.start()
    scheduler.start()
  }

  func source(writer: Int = 0, of writerCount: Int = 1) throws -> any BatchSource {
    try factory.makeSource(writer: writer, writerCount: writerCount)
  }

  func waitUntilQuiescent() {
    scheduler.waitUntilQuiescent(pause: { sleepThread(nanoseconds: 1_000_000) }, giveUp: { false })
  }

  /// Ends the recording and reads it.
  func stop() throws -> CompactionTrace {
    scheduler.stop(cancelRunning: false)
    try trace.stop()
    return try CompactionTrace(path: path)
  }
}
