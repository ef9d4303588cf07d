import BenchKit
import CompactionPolicies
import PolicyLab
import ScanKernels
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// The store of a run of many clients, filled, with compaction and upkeep beside it.
final class ClientStore {
  let store: Store
  let scheduler: CompactionScheduler
  let compactions: CompactionLog
  private let compactionPools: [WorkerPool]
  private let maintenance: MaintenanceLoop
  private let maintenancePool: WorkerPool

  /// Creates and fills the tables.
  init(
    path: String, job: JobSettings, clients: ClientSettings, policy: ConfiguredPolicy,
    orders: ShopOrders
  ) throws {
    var options = StoreOptions()
    options.tabletVersionCountMax = job.versionLimit
    options.backPressure = job.backPressure
    options.inlineRowsetByteCountMax = job.inlineBytes
    options.staleGraceSeconds = 5
    if !clients.usesCaches {
      options.indexReaderCacheByteCountMax = 0
      options.indexResultCacheByteCountMax = 0
      options.rowCacheByteCountMax = 0
    }
    let clock = SystemClock()
    let store = try Store.create(
      path, files: PosixFileSystem(), clock: clock,
      entropy: mixBits(UInt64(clock.now().rawValue)), options: options)
    self.store = store
    try store.createTable(
      orders.orderTable(
        buckets: job.buckets ?? 1, durability: job.durability, compression: job.compression))
    try store.createTable(orders.productTable())
    try store.load(orders.productBatch(), into: ShopOrders.productTableName)
    try Self.fill(store, count: clients.preloadedRows, orders)
    let rules = job.scheduler.rules
    compactionPools = try rules.pools.indices.map {
      try WorkerPool(name: "compaction", threadCount: rules.slotCount(of: $0))
    }
    maintenancePool = try WorkerPool(name: "maintenance", threadCount: 1)
    let compactions = CompactionLog()
    self.compactions = compactions
    scheduler = CompactionScheduler(
      store: store, policy: policy.policy, rules: rules, executors: compactionPools,
      seed: job.seed, costs: job.costs.isEmpty ? nil : try CostModel(list: job.costs).work,
      machineLoad: { ProcessUsage.machineLoad() },
      cpuSeconds: { ProcessUsage.threadCPUSeconds() },
      onEvent: { compactions.add($0) }, onRefusal: { compactions.add(refusal: $0) })
    maintenance = MaintenanceLoop(store: store)
  }

  private static let preloadBatchRowCount = 100_000

  /// One load of all orders, which are there in key order.
  private static func fill(_ store: Store, count: Int, _ orders: ShopOrders) throws {
    guard count > 0 else { return }
    let load = try store.beginLoad(into: ShopOrders.tableName, label: "preload")
    for start in stride(from: 0, to: count, by: preloadBatchRowCount) {
      let numbers = (start..<min(count, start + preloadBatchRowCount)).map { Int64($0 + 1) }
      try load.append(
        orders.batch(numbers, revisions: Array(repeating: 0, count: numbers.count)))
    }
    try store.commit(load.prepare())
  }

  func start() {
    scheduler.start()
    let maintenance = maintenance
    maintenancePool.submit { maintenance.run() }
  }

  func stop(cancelRunning: Bool) {
    scheduler.stop(cancelRunning: cancelRunning)
    for pool in compactionPools { pool.shutdown() }
    maintenance.stop()
    maintenancePool.shutdown()
  }
}
