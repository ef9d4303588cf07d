import BenchKit
import TabletEngine
import TabletModel

extension StoreUpkeep {
  /// Merging can wait for the loads, and catches up when they end.
  private static let compactionNiceness: Int32 = 10

  /// Upkeep of a store that is loaded under a policy.
  /// - Parameter onError: hears what goes wrong in the background, on its threads.
  convenience init(
    _ store: Store, policy: any CompactionPolicy, rules: SchedulingRules,
    onError: @escaping @Sendable (any Error) -> Void
  ) throws {
    let pools = try Self.pools(for: rules, niceness: Self.compactionNiceness)
    let scheduler = CompactionScheduler(
      store: store, policy: policy, rules: rules, executors: pools,
      restSeconds: CompactionScheduler.threadRestSeconds,
      machineLoad: { ProcessUsage.machineLoad() })
    try self.init(store, scheduler: scheduler, on: pools, onError: onError)
  }
}
