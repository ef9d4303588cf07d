import BenchKit
import CompactionPolicies
import IngestDriver
import PolicyLab
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletEngine
import TabletModel

/// Loads a recorded workload into a real store: every load with as many rows as it had, at the time
/// it came, into a table of its own for each tablet.
///
/// Rows are generated order events, so bytes are those of such rows, not those recorded. What
/// tablets held when the trace began is left out.
final class StoreReplay {
  struct Settings {
    var scheduler: ConfiguredScheduler
    var writers: Int
    var versionLimit: Int
    var backPressure: BackPressure
    var seed: UInt64
    /// How much faster than recorded loads come.
    var speed: Double
    /// Where nobody knows how many rows a load had.
    var bytesPerRow: Int
  }

  let counters = JobCounters(queryKindCount: 0)
  let compactions = CompactionLog()
  private(set) var seconds = 0.0
  private(set) var startUsage = ProcessUsage.current()
  private let workload: TracedWorkload
  private let settings: Settings
  private let store: Store
  private let trace: EngineTrace?
  private let scheduler: CompactionScheduler
  private let compactionPools: [WorkerPool]
  private let clock = MonotonicClock()
  /// How long compaction may take after the last load.
  private static let quiesceSeconds = 120.0
  /// Rows of a load come from the generator in pieces of this many.
  private static let batchRowCount = 1 << 16

  /// - Parameters:
  ///   - path: an empty or new directory.
  ///   - traceFile: where the replay is recorded in its turn; nil for nowhere.
  init(
    _ workload: TracedWorkload, under policy: ConfiguredPolicy, settings: Settings, path: String,
    traceFile: TraceFile?
  ) throws {
    self.workload = workload
    self.settings = settings
    var options = StoreOptions()
    options.tabletVersionCountMax = settings.versionLimit
    options.backPressure = settings.backPressure
    let systemClock = SystemClock()
    store = try Store.create(
      path, files: PosixFileSystem(), clock: systemClock,
      entropy: mixBits(UInt64(bitPattern: systemClock.now().rawValue)), options: options)
    let rules = settings.scheduler.rules
    compactionPools = try rules.pools.indices.map {
      try WorkerPool(name: "compaction", threadCount: rules.slotCount(of: $0))
    }
    let trace = traceFile.map { [store] in EngineTrace(store: store, file: $0) }
    self.trace = trace
    let compactions = compactions
    scheduler = CompactionScheduler(
      store: store, policy: policy.policy, rules: rules, executors: compactionPools,
      seed: settings.seed, restSeconds: CompactionScheduler.threadRestSeconds,
      machineLoad: { ProcessUsage.machineLoad() },
      cpuSeconds: { ProcessUsage.threadCPUSeconds() },
      onEvent: {
        compactions.add($0)
        trace?.finished($0)
      }, onRefusal: { compactions.add(refusal: $0) },
      onDecision: { trace?.asked($0, $1, $2) })
  }

  /// Runs to the end of the loads and of the compactions they ask for, or to an interrupt.
  func run(interrupt: InterruptFlag) throws {
    var parameters = OrderEvents.Parameters()
    parameters.seed = settings.seed
    let factory = try OrderEvents(parameters)
    let tables = workload.tablets.map { "tablet_\($0)" }
    for table in tables {
      try store.createTable(
        TableDefinition(
          name: table, schema: factory.schema, distribution: ["user_id"], bucketCount: 1))
    }
    trace?.start()
    scheduler.start()
    let maintenance = MaintenanceLoop(store: store) { [counters] in
      counters.addError("maintenance: \($0)")
    }
    let maintenancePool = try WorkerPool(name: "maintenance", threadCount: 1)
    maintenancePool.submit { maintenance.run() }
    startUsage = ProcessUsage.current()
    let start = clock.now()
    let writers = try ReplayWriters(
      store: store, tables: tables, loads: workload.loads, factory: factory, settings: settings,
      start: start, counters: counters, interrupt: interrupt, batchRowCount: Self.batchRowCount)
    let pool = try WorkerPool(name: "load", threadCount: settings.writers)
    for writer in 0..<settings.writers { pool.submit { writers.run(writer) } }
    while writers.isLoading && !interrupt.isSet { letTimePass() }
    pool.shutdown()
    seconds = Double(clock.now() - start) / 1e9
    let deadline = clock.now() + UInt64(Self.quiesceSeconds * 1e9)
    while !scheduler.isQuiescent && !interrupt.isSet && clock.now() < deadline { letTimePass() }
    scheduler.stop(cancelRunning: interrupt.isSet)
    for pool in compactionPools { pool.shutdown() }
    maintenance.stop()
    maintenancePool.shutdown()
    try trace?.stop()
  }

  private func letTimePass() {
    sleepThread(nanoseconds: 20_000_000)
    scheduler.tick()
  }

  /// Components of each tablet that hold rows.
  var componentCounts: [Int] {
    store.snapshot().flatMap(\.tablets).map(\.state.componentCount)
  }

  /// Rows that can be read.
  var rowCount: Int {
    store.snapshot().flatMap(\.tablets).flatMap(\.state.rowsets).reduce(0) {
      $0 + $1.summary.rowCount
    }
  }
}

/// The writing threads of a replay, which take one load after the other.
private final class ReplayWriters: Sendable {
  private let store: Store
  private let tables: [String]
  private let loads: [TracedWorkload.Load]
  private let settings: StoreReplay.Settings
  private let start: UInt64
  private let counters: JobCounters
  private let interrupt: InterruptFlag
  private let batchRowCount: Int
  /// By writer.
  private let sources: [LockedSource]
  private let taken = Atomic<Int>(0)
  private let busy: Countdown
  private let clock = MonotonicClock()

  init(
    store: Store, tables: [String], loads: [TracedWorkload.Load], factory: OrderEvents,
    settings: StoreReplay.Settings, start: UInt64, counters: JobCounters,
    interrupt: InterruptFlag, batchRowCount: Int
  ) throws {
    self.store = store
    self.tables = tables
    self.loads = loads
    self.settings = settings
    self.start = start
    self.counters = counters
    self.interrupt = interrupt
    self.batchRowCount = batchRowCount
    sources = try (0..<settings.writers).map {
      LockedSource(try factory.makeSource(writer: $0, writerCount: settings.writers))
    }
    busy = Countdown(settings.writers)
  }

  var isLoading: Bool { busy.count > 0 }

  func run(_ writer: Int) {
    defer { busy.countDown() }
    while true {
      let ordinal = taken.wrappingAdd(1, ordering: .relaxed).oldValue
      guard ordinal < loads.count else { return }
      let due = start + UInt64(loads[ordinal].seconds / settings.speed * 1e9)
      while clock.now() < due {
        if interrupt.isSet { return }
        // In slices, so that an interrupt is noticed.
        sleepThread(nanoseconds: min(due - clock.now(), 50_000_000))
      }
      if interrupt.isSet { return }
      sources[writer].withLock { load(loads[ordinal], from: $0, due: due) }
    }
  }

  private func load(_ load: TracedWorkload.Load, from source: any BatchSource, due: UInt64) {
    do {
      let builder = try store.beginLoad(into: tables[load.tablet])
      var rowsLeft = rowCount(of: load.rowset)
      var rowCount = 0
      var byteCount = 0
      while rowsLeft > 0, let batch = try source.nextBatch(maxRows: min(rowsLeft, batchRowCount)) {
        try builder.append(batch)
        rowsLeft -= batch.rowCount
        rowCount += batch.rowCount
        byteCount += batch.logicalByteCount
      }
      let receipt = try store.commit(builder.prepare())
      counters.addCommit(
        rows: rowCount, logicalBytes: byteCount, flushedBytes: receipt.byteCount,
        nanoseconds: clock.now() - due)
    } catch {
      if case StorageError.tooManyVersions = error {
        counters.addRejectedLoad(error)
      } else {
        counters.addError("\(error)")
      }
    }
  }

  private func rowCount(of rowset: RowsetSummary) -> Int {
    rowset.rowCount > 0 ? rowset.rowCount : max(1, rowset.byteCount / settings.bytesPerRow)
  }
}
