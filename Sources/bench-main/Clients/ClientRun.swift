import BenchKit
import CompactionPolicies
import Glibc
import StorageBase
import StorageIO
import TabletEngine

/// A run of many clients: its parts, and the threads they are on. The number of threads depends on
/// the cores and not on the clients.
final class ClientRun {
  let job: JobSettings
  let settings: ClientSettings
  let policy: ConfiguredPolicy
  let orders: ShopOrders
  let writers: [WritingClient]
  let counters = ClientCounters()
  let crowd: ClientCrowd
  let queues: ClientQueues
  let workers: ClientWorkers
  let engine: ClientStore
  /// When the first operation was due.
  let startedAt: Timestamp
  let startUsage: ProcessUsage
  private let arrivals: ArrivalLoop
  private let queryThreadCount: Int
  private let loadPool: WorkerPool
  private let queryPool: WorkerPool
  private let arrivalPool: WorkerPool
  private let arriving = Countdown(1)

  /// Fills the store, and lets it settle.
  init(
    job: JobSettings, settings: ClientSettings, policy: ConfiguredPolicy, path: String
  ) throws {
    self.job = job
    self.settings = settings
    self.policy = policy
    let orders = try ShopOrders(
      seed: job.seed, tenants: settings.tenants, orderCount: settings.preloadedRows)
    self.orders = orders
    writers = (0..<settings.writerCount).map {
      WritingClient(
        number: $0, of: settings.writerCount, preloaded: settings.preloadedRows, seed: job.seed)
    }
    engine = try ClientStore(
      path: path, job: job, clients: settings, policy: policy, orders: orders)
    try engine.start()
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    queryThreadCount = settings.queryThreads ?? cores
    queues = try ClientQueues(
      settings, queryThreads: queryThreadCount, loadBatchMax: ClientWorkers.loadBatchMax)
    crowd = ClientCrowd(count: settings.clients + ClientSettings.scannerCount)
    workers = ClientWorkers(
      store: engine.store, orders: orders, writers: writers, settings: settings,
      rowsPerLoad: job.rowsPerLoad, seed: job.seed, queues: queues, crowd: crowd,
      counters: counters, onScan: { [scheduler = engine.scheduler] in scheduler.noteQuery(of: $0) })
    loadPool = try WorkerPool(name: "load", threadCount: settings.loadThreads)
    queryPool = try WorkerPool(name: "query", threadCount: queryThreadCount)
    arrivalPool = try WorkerPool(name: "arrivals", threadCount: 1)
    let start = MonotonicClock().now() + 1_000_000
    arrivals = ArrivalLoop(
      workers: workers, settings: settings, seed: job.seed, start: start,
      end: start + UInt64(job.seconds * 1e9))
    startedAt = SystemClock().now()
    startUsage = ProcessUsage.current()
  }

  func start() {
    let workers = workers
    for _ in 0..<settings.loadThreads { loadPool.submit { workers.carryOutLoads() } }
    for _ in 0..<queryThreadCount { queryPool.submit { workers.answerQuestions() } }
    let arrivals = arrivals
    let arriving = arriving
    arrivalPool.submit {
      arrivals.run()
      arriving.countDown()
    }
  }

  /// Whether operations still become due, or clients wait for answers.
  var isBusy: Bool { arriving.count > 0 || crowd.busyCount > 0 }

  /// No operation becomes due any more; what has been sent is answered.
  func stopArrivals() { arrivals.stop() }

  /// Ends the threads of the clients.
  func stopClients() {
    arrivals.stop()
    arrivalPool.shutdown()
    queues.close()
    loadPool.shutdown()
    queryPool.shutdown()
  }

  func elapsed(_ now: Timestamp) -> Double { now.seconds(since: startedAt) }
}
