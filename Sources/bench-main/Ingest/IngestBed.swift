import BenchKit
import IngestDriver
import ScanKernels
import StorageBase
import StorageIO
import StreamDriver
import Synchronization
import TabletEngine

/// Where the figures of `bench ingest` are taken: order events into a table with duplicate keys,
/// through the driver, with compaction beside it.
struct IngestBed: Sendable {
  static let table = "orders"

  let folder: String
  let seconds: Double
  let policy: String
  let bucketCount: Int
  /// Bytes of rows that all writers together hold in memory, about; nil for the usual.
  let bufferByteCount: Int?
  /// Text files whose rows are loaded, and what is in them; nil for order events.
  let input: (path: String, mapping: InputMapping?)?

  func measure(_ one: IngestCase, into findings: inout CommitFindings) throws {
    let path = folder + "/store"
    defer { DataDirectory.remove(folder) }
    let files = PosixFileSystem()
    var options = StoreOptions()
    let buffer =
      bufferByteCount ?? PipelineSpec.usualBufferByteCount(writerCount: one.writerCount)
    options.loadBufferByteCountMax = max(1 << 20, buffer / one.writerCount)
    let store = try Store.create(
      path, files: files, clock: SystemClock(), entropy: 1, options: options)
    let source = try source(one, files: files)
    try store.createTable(
      TableDefinition(
        name: Self.table, schema: source.schema,
        distribution: input == nil ? ["user_id"] : [], bucketCount: bucketCount))
    var plan = StreamPlan(
      source: source, sink: StoreSink(store, tables: [Self.table]), labelPrefix: "bench"
    ) { _, _ in PassingStages(table: Self.table) }
    plan.writerCount = one.writerCount
    plan.delivery = one.delivery
    plan.pacing = CheckpointPacing(seconds: one.checkpointSeconds)
    ProcessUsage.resetPeak()
    let upkeep = try PolicyUpkeep(store, policy: policy)
    let observer = IngestObserver()
    let run = try StreamRun(
      plan, stateDirectory: folder + "/state", files: files, clock: SystemClock(),
      stopwatch: ThreadStopwatch(), observer: observer)
    let clock = MonotonicClock()
    let before = ProcessUsage.current()
    let start = clock.now()
    let watch = ProcessWatch(store)
    try StreamThreads(run, clock: SystemClock()).run(tickSeconds: 0.02) {
      watch.look()
      if Double(clock.now() - start) / 1e9 >= seconds { run.requestStop() }
    }
    let elapsed = Double(clock.now() - start) / 1e9
    let usage = ProcessUsage.current()
    try upkeep.stop()
    try verify(store, run)
    findings.add(
      one.name,
      IngestMeasurement(
        status: run.status, seconds: elapsed, cpuSeconds: usage.cpuSeconds - before.cpuSeconds,
        anonymousBytesMax: watch.anonymousBytesMax, peakRSSBytes: usage.peakRSSBytes,
        logicalBytesPerRow: try Self.bytesPerRow(source),
        latencies: observer.latencies.snapshot(), versionsMax: watch.versionsMax))
  }

  private func source(
    _ one: IngestCase, files: any FileSystem
  ) throws -> any StreamSource {
    if let input {
      return try TextStream(
        input.path, mapping: input.mapping, isFollowed: false, files: files,
        clock: SystemClock())
    }
    var parameters = OrderEvents.Parameters()
    parameters.rowsPerSecond = one.rowsPerSecond ?? parameters.rowsPerSecond
    return GeneratedSource(
      try OrderEvents(parameters), partitionCount: one.writerCount,
      rowsPerSecond: one.rowsPerSecond, clock: SystemClock())
  }

  /// Every row that was read is visible.
  private func verify(_ store: Store, _ run: StreamRun) throws {
    let visible = try store.snapshot(of: Self.table).rowCount
    let written = run.status.counts.writtenRows
    guard UInt64(visible) == written else {
      throw StorageError.damaged(
        path: folder, problems: ["\(written) rows written, \(visible) visible"],
        remedy: "this is an error of the program: please report it")
    }
  }

  /// Bytes of the values of a row as a client sends them, on average.
  private static func bytesPerRow(_ source: any StreamSource) throws -> Double {
    let reader = try source.open(source.partitions()[0], at: .start)
    // Rows that keep a rate are not there at once.
    SystemClock().pause(seconds: 0.02)
    guard case .rows(let batch) = try reader.read(maxRows: 4096) else { return 0 }
    return Double(batch.rows.rows.logicalByteCount) / Double(batch.rows.rowCount)
  }
}

/// Hears when rows become visible. Thread-safe.
private final class IngestObserver: StreamObserver {
  let latencies = LatencyHistogram()

  func rowsBecameVisible(_ arrivals: [RowArrival], at now: Timestamp) {
    for arrival in arrivals { latencies.record(seconds: now.seconds(since: arrival.dueAt)) }
  }

  func streamHasTrouble(_ text: String) {}
}

/// The work of the thread that asks, in CPU seconds.
struct ThreadStopwatch: Stopwatch {
  func seconds() -> Double { ProcessUsage.threadCPUSeconds() }
}

/// The most versions that a tablet had, and the most memory that the process had, looked at now and
/// then. Thread-safe.
private final class ProcessWatch: Sendable {
  private let store: Store
  private let most = Mutex((versions: 0, bytes: 0))

  init(_ store: Store) { self.store = store }

  var versionsMax: Int { most.withLock { $0.versions } }
  var anonymousBytesMax: Int { most.withLock { $0.bytes } }

  func look() {
    let counts = store.snapshot().flatMap { $0.tablets.map(\.rowsets.count) }
    let bytes = ProcessUsage.anonymousBytes()
    most.withLock { $0 = (max($0.versions, counts.max() ?? 0), max($0.bytes, bytes)) }
  }
}
