import BenchKit
import CompactionPolicies
import StorageBase
import StorageIO
import Synchronization
import TabletEngine
import TabletModel

/// One replica of `bench replicas`: a store, its compaction and what that has cost.
final class ReplicaStore: Sendable {
  /// What compactions have done.
  struct Work: Sendable {
    var cpuSeconds = 0.0
    var merges = 0
    var fetches = 0
    var failures = 0
    var mergedByteCount = 0
    var readByteCount = 0
    var fetchedByteCount = 0
  }

  let store: Store
  /// Nil where every store compacts for itself.
  let replica: StoreReplica?
  let scheduler: CompactionScheduler
  private let pools: [WorkerPool]
  private let counted: Counted

  private final class Counted: Sendable {
    let work = Mutex(Work())

    func add(_ event: CompactionEvent) {
      work.withLock { work in
        work.cpuSeconds += event.cpuSeconds
        guard event.error == nil else {
          work.failures += 1
          return
        }
        if let fetched = event.fetchedByteCount {
          work.fetches += 1
          work.fetchedByteCount += fetched
        } else {
          work.merges += 1
          work.mergedByteCount += (event.output?.byteCount ?? 0) - event.linkedByteCount
          work.readByteCount += event.readByteCount
        }
      }
    }
  }

  /// - Parameters:
  ///   - number: tells the replicas apart, from 0.
  ///   - rules: when outputs of others are taken over.
  init(
    _ number: Int, in folder: String, _ table: TableDefinition, policy: ConfiguredPolicy,
    isSingleCopy: Bool, rules: FollowingRules
  ) throws {
    var options = StoreOptions(backPressure: .none)
    options.staleGraceSeconds = 2
    let clock = SystemClock()
    store = try Store.create(
      "\(folder)/replica-\(number)", files: PosixFileSystem(), clock: clock,
      entropy: UInt64(number + 1), options: options)
    try store.createTable(table)
    let entropy = mixBits(UInt64(clock.now().rawValue)) &+ UInt64(number)
    var replicaOptions = StoreReplica.Options()
    replicaOptions.rules = rules
    replica =
      isSingleCopy
      ? StoreReplica(
        store, id: ReplicaID(rawValue: UInt64(number + 1)), entropy: entropy,
        options: replicaOptions) : nil
    let schedule = SchedulingRules(cumulativeSlotCount: 1)
    pools = try StoreUpkeep.pools(for: schedule)
    let counted = Counted()
    self.counted = counted
    scheduler = CompactionScheduler(
      store: store, policy: policy.policy, rules: schedule, executors: pools, seed: 1,
      restSeconds: CompactionScheduler.threadRestSeconds, replica: replica,
      cpuSeconds: { ProcessUsage.threadCPUSeconds() }, onEvent: { counted.add($0) })
  }

  var work: Work { counted.work.withLock { $0 } }

  /// Rowsets that readers have to merge, over all tablets.
  var componentCount: Int {
    store.snapshot().flatMap(\.tablets).reduce(0) { $0 + $1.state.componentCount }
  }

  func stop() {
    scheduler.stop(cancelRunning: true)
    for pool in pools { pool.shutdown() }
  }
}
