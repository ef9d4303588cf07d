import BenchKit
import CompactionPolicies
import Glibc
import PolicyLab
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// The moving parts of one run: store, clients, compaction, and the threads they are on.
final class JobRun {
  let settings: JobSettings
  let policy: ConfiguredPolicy
  let workload: Workload
  let store: Store
  let table: TableDefinition
  let counters: JobCounters
  let compactions = CompactionLog()
  let scheduler: CompactionScheduler
  let trace: EngineTrace?
  let writers: Writers
  let startedAt: Timestamp
  let startUsage: ProcessUsage
  let startDeviceBytes: Int?
  private let samples = KeySamples()
  private let loads: OpenLoopSchedule
  private let queries: OpenLoopSchedule?
  private let readers: Readers?
  /// Load threads that have not come to their end.
  private let busyWriters: Countdown
  private let loadPool: WorkerPool
  private let queryPool: WorkerPool
  private let queryThreadCount: Int
  private let compactionPools: [WorkerPool]
  private var upkeep: StoreUpkeep?
  /// Clients share threads: more than a few per core would only take turns, and crowd out
  /// compaction, which has one thread per slot.
  private static let loadThreadsPerCore = 4
  private static let queryThreadsPerCore = 1

  init(
    settings: JobSettings, policy: ConfiguredPolicy, workload: Workload, data: String,
    folder: RunFolder
  ) throws {
    self.settings = settings
    self.policy = policy
    self.workload = workload
    let clock = SystemClock()
    let monotonic = MonotonicClock()
    table = try workload.tableDefinition(settings)
    store = try Self.openStore(data, settings: settings, clock: clock)
    try store.createTable(table)
    counters = JobCounters(queryKindCount: workload.dashboard.kinds.count)
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let loadThreadCount = min(settings.writers, cores * Self.loadThreadsPerCore)
    queryThreadCount = max(1, min(settings.readers, cores * Self.queryThreadsPerCore))
    busyWriters = Countdown(loadThreadCount)
    loadPool = try WorkerPool(name: "load", threadCount: loadThreadCount)
    queryPool = try WorkerPool(name: "query", threadCount: queryThreadCount)
    let rules = settings.scheduler.rules
    compactionPools = try StoreUpkeep.pools(for: rules)
    let compactions = compactions
    trace = try Self.makeTrace(settings, policy, store)
    let trace = trace
    scheduler = CompactionScheduler(
      store: store, policy: policy.policy, rules: rules, executors: compactionPools,
      seed: settings.seed,
      costs: settings.costs.isEmpty ? nil : try CostModel(list: settings.costs).work,
      restSeconds: CompactionScheduler.threadRestSeconds,
      machineLoad: { ProcessUsage.machineLoad() },
      cpuSeconds: { ProcessUsage.threadCPUSeconds() },
      onEvent: {
        compactions.add($0)
        trace?.finished($0)
      }, onRefusal: { compactions.add(refusal: $0) },
      onDecision: { trace?.asked($0, $1, $2) })
    let start = monotonic.now()
    loads = OpenLoopSchedule(
      clientCount: settings.writers, perSecond: settings.loadsPerSecond,
      total: workload.loadCount(settings), start: start)
    writers = try Writers(
      store: store, table: table, schedule: loads, rowsPerLoad: settings.rowsPerLoad,
      workload: workload, clientCount: settings.writers, counters: counters, samples: samples)
    if settings.queriesPerSecond > 0 {
      let schedule = OpenLoopSchedule(
        clientCount: settings.readers, perSecond: settings.queriesPerSecond, total: nil,
        start: start)
      queries = schedule
      readers = Readers(
        store: store, tables: [table.name], schedule: schedule, dashboard: workload.dashboard,
        counters: counters, samples: samples, seed: settings.seed,
        onScan: { [scheduler] in scheduler.noteQuery(of: $0) })
    } else {
      queries = nil
      readers = nil
    }
    startedAt = clock.now()
    startUsage = ProcessUsage.current()
    startDeviceBytes = ProcessUsage.deviceBytesWritten()
  }

  private static func makeTrace(
    _ settings: JobSettings, _ policy: ConfiguredPolicy, _ store: Store
  ) throws -> EngineTrace? {
    guard let path = settings.traceFile else { return nil }
    let origin = TraceOrigin(source: "engine", policy: policy.spec, seed: settings.seed)
    return EngineTrace(store: store, sink: try TraceFile(path: path, origin: origin))
  }

  private static func openStore(
    _ path: String, settings: JobSettings, clock: SystemClock
  ) throws -> Store {
    let files = PosixFileSystem()
    var options = StoreOptions()
    options.tabletVersionCountMax = settings.versionLimit
    options.backPressure = settings.backPressure
    options.inlineRowsetByteCountMax = settings.inlineBytes
    options.staleGraceSeconds = 5
    if try files.exists(path + "/SEDIMENT") {
      return try Store.open(path, files: files, clock: clock, options: options)
    }
    return try Store.create(
      path, files: files, clock: clock, entropy: mixBits(UInt64(clock.now().rawValue)),
      options: options)
  }

  func start() throws {
    // First, to hear of a load before the scheduler asks about it.
    trace?.start()
    upkeep = try StoreUpkeep(store, scheduler: scheduler, on: compactionPools) { [counters] in
      counters.addError("upkeep: \($0)")
    }
    let writers = writers
    let busyWriters = busyWriters
    for _ in 0..<busyWriters.count {
      loadPool.submit {
        writers.run()
        busyWriters.countDown()
      }
    }
    guard let readers else { return }
    for _ in 0..<queryThreadCount {
      queryPool.submit { readers.run() }
    }
  }

  /// Whether some writer still has rows.
  var isLoading: Bool { busyWriters.count > 0 }

  /// Lets the operations that run come to their end, and starts no more.
  func stopClients() {
    loads.stop()
    queries?.stop()
    loadPool.shutdown()
    queryPool.shutdown()
  }

  func stopCompaction(cancelRunning: Bool) throws {
    upkeep?.stop(cancelsRunning: cancelRunning)
    try trace?.stop()
  }

  /// Seconds since the run began.
  func elapsed(_ now: Timestamp) -> Double { now.seconds(since: startedAt) }
}
