import BenchKit
import StorageIO
import TabletEngine
import TabletModel

/// What runs beside loads: compaction, with a scheduler that is told of time, deadlines of
/// transactions, and letting go of what was replaced. Thread-safe.
final class BackgroundWork: Sendable {
  /// Merging can wait for the loads, and catches up when they end.
  private static let compactionNiceness: Int32 = 10

  private let scheduler: CompactionScheduler
  private let ticks: SchedulerTicks
  private let maintenance: MaintenanceLoop
  private let maintenancePool: WorkerPool
  private let compactionPools: [WorkerPool]

  /// Starts.
  /// - Parameter onError: hears what goes wrong in the background, on its threads.
  init(
    _ store: Store, policy: any CompactionPolicy, rules: SchedulingRules,
    onError: @escaping @Sendable (any Error) -> Void
  ) throws {
    compactionPools = try rules.pools.indices.map {
      try WorkerPool(
        name: "compaction", threadCount: rules.slotCount(of: $0),
        niceness: Self.compactionNiceness)
    }
    scheduler = CompactionScheduler(
      store: store, policy: policy, rules: rules, executors: compactionPools,
      restSeconds: CompactionScheduler.threadRestSeconds,
      machineLoad: { ProcessUsage.machineLoad() },
      onEvent: { _ in
        do {
          try store.sweepStaleRowsets()
        } catch {
          onError(error)
        }
      })
    scheduler.start()
    let maintenance = MaintenanceLoop(store: store, onError: onError)
    self.maintenance = maintenance
    maintenancePool = try WorkerPool(name: "maintenance", threadCount: 1)
    maintenancePool.submit { maintenance.run() }
    ticks = try SchedulerTicks(scheduler)
  }

  /// - Parameter cancelsRunning: whether merges that run are given up, instead of waited for.
  func stop(cancelsRunning: Bool) {
    maintenance.stop()
    maintenancePool.shutdown()
    ticks.stop()
    scheduler.stop(cancelRunning: cancelsRunning)
    for pool in compactionPools { pool.shutdown() }
  }
}
