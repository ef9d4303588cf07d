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
  private var upkeep: StoreUpkeep?

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
    options.segmentCacheByteCountMax = clients.caches.segments
    options.pageCacheByteCountMax = clients.caches.pages
    options.rowCacheByteCountMax = clients.caches.rows
    options.indexReaderCacheByteCountMax = clients.caches.indexes
    options.indexResultCacheByteCountMax = clients.caches.indexResults
    options.keyIndexCacheByteCountMax = clients.caches.keyIndexes
    options.warmsCompactedPages = clients.caches.warmsCompactedPages
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
    compactionPools = try StoreUpkeep.pools(for: rules, niceness: clients.compactionNiceness)
    let compactions = CompactionLog()
    self.compactions = compactions
    scheduler = CompactionScheduler(
      store: store, policy: policy.policy, rules: rules, executors: compactionPools,
      seed: job.seed, costs: job.costs.isEmpty ? nil : try CostModel(list: job.costs).work,
      restSeconds: CompactionScheduler.threadRestSeconds,
      machineLoad: { ProcessUsage.machineLoad() },
      cpuSeconds: { ProcessUsage.threadCPUSeconds() },
      onEvent: { compactions.add($0) }, onRefusal: { compactions.add(refusal: $0) })
  }

  private static let preloadBatchRowCount = 100_000

  /// Loads all orders, which are there in key order: most of them at once, and the last few, with
  /// which the key index is built before clients come.
  private static func fill(_ store: Store, count: Int, _ orders: ShopOrders) throws {
    let last = min(count, 100)
    try load(0..<count - last, of: orders, into: store, label: "preload")
    try load(count - last..<count, of: orders, into: store, label: "preload, last")
  }

  private static func load(
    _ rows: Range<Int>, of orders: ShopOrders, into store: Store, label: String
  ) throws {
    guard !rows.isEmpty else { return }
    let load = try store.beginLoad(into: ShopOrders.tableName, label: label)
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: preloadBatchRowCount) {
      let numbers = (start..<min(rows.upperBound, start + preloadBatchRowCount)).map {
        Int64($0 + 1)
      }
      try load.append(
        orders.batch(numbers, revisions: Array(repeating: 0, count: numbers.count)))
    }
    try store.commit(load.prepare())
  }

  /// Begins compaction and upkeep, and waits until what was loaded has settled.
  func start() throws {
    upkeep = try StoreUpkeep(store, scheduler: scheduler, on: compactionPools)
    let clock = MonotonicClock()
    let end = clock.now() + UInt64(Self.settlingSeconds * 1e9)
    scheduler.waitUntilQuiescent(
      pause: { sleepThread(nanoseconds: 10_000_000) }, giveUp: { clock.now() > end })
  }

  /// How long it waits at most.
  private static let settlingSeconds = 60.0

  func stop(cancelRunning: Bool) { upkeep?.stop(cancelsRunning: cancelRunning) }
}
