import StorageIO
import TabletModel

/// What runs beside loads and queries of a store in use, on threads of its own: compaction, with a
/// scheduler that is told of time, deadlines of transactions, and letting go of what was replaced.
/// The core itself starts no threads; an application makes one of these. Thread-safe.
///
///     let pools = try StoreUpkeep.pools(for: rules)
///     let scheduler = CompactionScheduler(
///       store: store, policy: policy, rules: rules, executors: pools,
///       restSeconds: CompactionScheduler.threadRestSeconds)
///     let upkeep = try StoreUpkeep(store, scheduler: scheduler, on: pools)
///     …
///     upkeep.stop(cancelsRunning: false)
public final class StoreUpkeep: Sendable {
  private let scheduler: CompactionScheduler?
  private let compactionPools: [WorkerPool]
  private let ticks: SchedulerTicks?
  private let maintenance: MaintenanceLoop
  private let maintenancePool: WorkerPool

  /// The threads that compactions under some rules need: a pool for each of theirs, in their order.
  /// - Parameter niceness: of the threads, as `nice` of the system takes it; merging can wait for
  ///   loads, and catches up when they end.
  /// - Throws: `StorageError.io` when a thread cannot be started.
  public static func pools(
    for rules: SchedulingRules, niceness: Int32 = 0
  ) throws -> [WorkerPool] {
    try rules.pools.indices.map {
      try WorkerPool(
        name: name(of: rules.pools[$0].kinds), threadCount: rules.slotCount(of: $0),
        niceness: niceness)
    }
  }

  private static func name(of kinds: Set<CompactionKind>) -> String {
    guard kinds.contains(.cumulative) else { return "base" }
    return kinds.count == 1 ? "cumulative" : "compaction"
  }

  /// Starts.
  /// - Parameters:
  ///   - scheduler: not started yet; nil for a store without compaction.
  ///   - compactionPools: those it runs on, which end with it.
  ///   - onError: hears what goes wrong in the background, on its threads.
  /// - Throws: `StorageError.io` when a thread cannot be started.
  public init(
    _ store: Store, scheduler: CompactionScheduler?, on compactionPools: [WorkerPool],
    onError: @escaping @Sendable (any Error) -> Void = { _ in }
  ) throws {
    self.scheduler = scheduler
    self.compactionPools = compactionPools
    let maintenance = MaintenanceLoop(store: store, onError: onError)
    self.maintenance = maintenance
    maintenancePool = try WorkerPool(name: "maintenance", threadCount: 1)
    ticks = try scheduler.map(SchedulerTicks.init)
    scheduler?.start()
    maintenancePool.submit { maintenance.run() }
  }

  /// Returns when nothing of it runs any more, with everything on disk that was promised to be.
  /// - Parameter cancelsRunning: whether merges that run are given up, instead of waited for.
  public func stop(cancelsRunning: Bool) {
    ticks?.stop()
    scheduler?.stop(cancelRunning: cancelsRunning)
    for pool in compactionPools { pool.shutdown() }
    maintenance.stop()
    maintenancePool.shutdown()
  }
}
