import BenchKit
import CompactionPolicies
import Glibc
import IngestDriver
import PolicyLab
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// Loads a recorded workload into a real store: every load with as many rows as it had, at the time
/// it came, into a table of its own for each tablet.
///
/// Rows are generated, so bytes are those of such rows, not those recorded. What tablets held when
/// the trace began is left out.
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
    var rows = ReplayRows.events
    /// Whether a load is due whenever a writer is free, whatever the workload says.
    var isClosed = false
    /// How often queries come, each of one tablet.
    var queries = QueryProcess.none
    /// Bytes per second that all merges together may read and write, whatever the scheduler says.
    var bandwidth = Double.infinity
    /// What policies are told that work costs; nil if nobody has measured it.
    var costs: WorkCosts?
  }

  let counters: JobCounters
  let compactions = CompactionLog()
  let store: Store
  private(set) var seconds = 0.0
  private(set) var startUsage = ProcessUsage.current()
  private let workload: TracedWorkload
  private let settings: Settings
  private let tables: [String]
  private let factory: any BatchSourceFactory
  private let dashboard: Dashboard
  private let samples = KeySamples()
  private let trace: EngineTrace?
  private let scheduler: CompactionScheduler
  private let compactionPools: [WorkerPool]
  private let clock = MonotonicClock()
  private var writers: ReplayWriters?
  /// How long compaction may take after the last load.
  private static let quiesceSeconds = 120.0
  private static let pauseNanoseconds: UInt64 = 20_000_000

  /// - Parameters:
  ///   - path: an empty or new directory.
  ///   - trace: where the replay is recorded in its turn; nil for nowhere.
  init(
    _ workload: TracedWorkload, under policy: ConfiguredPolicy, settings: Settings, path: String,
    trace sink: (any TraceSink)?
  ) throws {
    self.workload = workload
    self.settings = settings
    tables = workload.tablets.map { "tablet_\($0)" }
    factory = try settings.rows.factory(seed: settings.seed)
    dashboard = Dashboard(schema: factory.schema)
    counters = JobCounters(queryKindCount: dashboard.kinds.count)
    var options = StoreOptions()
    options.tabletVersionCountMax = settings.versionLimit
    options.backPressure = settings.backPressure
    let systemClock = SystemClock()
    store = try Store.create(
      path, files: PosixFileSystem(), clock: systemClock,
      entropy: mixBits(UInt64(bitPattern: systemClock.now().rawValue)), options: options)
    var rules = settings.scheduler.rules
    rules.bandwidth = min(rules.bandwidth, settings.bandwidth)
    compactionPools = try StoreUpkeep.pools(for: rules)
    let trace = sink.map { [store] in EngineTrace(store: store, sink: $0) }
    self.trace = trace
    let compactions = compactions
    scheduler = CompactionScheduler(
      store: store, policy: policy.policy, rules: rules, executors: compactionPools,
      seed: settings.seed, costs: settings.costs,
      restSeconds: CompactionScheduler.threadRestSeconds,
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
    for table in tables {
      try store.createTable(settings.rows.definition(named: table, schema: factory.schema))
    }
    trace?.start()
    let upkeep = try StoreUpkeep(store, scheduler: scheduler, on: compactionPools) { [counters] in
      counters.addError("upkeep: \($0)")
    }
    startUsage = ProcessUsage.current()
    try runClients(interrupt)
    let deadline = clock.now() + UInt64(Self.quiesceSeconds * 1e9)
    scheduler.waitUntilQuiescent(
      pause: { sleepThread(nanoseconds: Self.pauseNanoseconds) },
      giveUp: { interrupt.isSet || clock.now() >= deadline })
    upkeep.stop(cancelsRunning: interrupt.isSet)
    try trace?.stop()
  }

  /// Loads, and queries as long as there are loads.
  private func runClients(_ interrupt: InterruptFlag) throws {
    let start = clock.now()
    let writers = try ReplayWriters(
      store: store, tables: tables, loads: workload.loads, factory: factory, settings: settings,
      start: start, counters: counters, samples: samples, interrupt: interrupt)
    self.writers = writers
    let pool = try WorkerPool(name: "load", threadCount: settings.writers)
    for writer in 0..<settings.writers { pool.submit { writers.run(writer) } }
    let queries = try startQueries(at: start)
    while writers.isLoading && !interrupt.isSet {
      sleepThread(nanoseconds: Self.pauseNanoseconds)
    }
    pool.shutdown()
    seconds = Double(clock.now() - start) / 1e9
    queries?.schedule.stop()
    queries?.pool.shutdown()
  }

  private func startQueries(
    at start: UInt64
  ) throws -> (schedule: OpenLoopSchedule, pool: WorkerPool)? {
    let queries = settings.queries
    guard !queries.isNone else { return nil }
    let speed = settings.speed
    let threadCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let schedule = OpenLoopSchedule(clientCount: threadCount, total: nil, start: start) {
      queries.seconds(ofQuery: $0) / speed
    }
    let readers = Readers(
      store: store, tables: tables, schedule: schedule, dashboard: dashboard, counters: counters,
      samples: samples, seed: settings.seed,
      onScan: { [scheduler] in scheduler.noteQuery(of: $0) })
    let pool = try WorkerPool(name: "query", threadCount: threadCount)
    for _ in 0..<threadCount { pool.submit { readers.run() } }
    return (schedule, pool)
  }

  /// Components of each tablet that hold rows.
  var componentCounts: [Int] {
    store.snapshot().flatMap(\.tablets).map(\.state.componentCount)
  }

  /// Rows that can be read.
  func rowCount() throws -> Int {
    try store.snapshot().flatMap(\.tablets).reduce(0) { $0 + (try $1.liveRowCount()) }
  }

  /// Bytes of rowsets against those of a full compaction; nil if there are none. What has been
  /// replaced and waits for its removal is left out, as in virtual time.
  func spaceAmplification() throws -> Double? {
    var (stored, compacted) = (0, 0)
    for table in tables {
      let snapshot = try store.snapshot(of: table)
      compacted += try snapshot.fullyCompactedByteCount(
        segmentRowCountMax: store.options.segmentRowCountMax)
      stored += snapshot.tablets.reduce(0) { $0 + $1.byteCount }
    }
    return compacted > 0 ? Double(stored) / Double(compacted) : nil
  }

  /// Rows that should be: all that were acknowledged, but one for each key where keys are unique.
  var expectedRowCount: Int {
    if case .events = settings.rows { return counters.current.rows }
    return writers?.seenKeyCount ?? 0
  }
}
