import StorageIO
import TabletModel

/// A pool of slots and the threads its compactions run on. Cumulative and base compaction usually
/// get a lane each, so that a long base compaction never keeps small ones waiting.
public struct CompactionLane: Sendable {
  public let kinds: Set<CompactionKind>
  /// Jobs at a time.
  public let slotCount: Int
  public let executor: any JobExecutor

  public init(kinds: Set<CompactionKind>, slotCount: Int, executor: any JobExecutor) {
    precondition(slotCount >= 1)
    self.kinds = kinds
    self.slotCount = slotCount
    self.executor = executor
  }
}

extension CompactionScheduler {
  /// A scheduler that looks at every load at once and knows no limit but the slots of its lanes.
  /// For the parameters see the other initialiser.
  public convenience init(
    store: Store, policy: any CompactionPolicy, lanes: [CompactionLane], seed: UInt64 = 0,
    costs: WorkCosts? = nil, restSeconds: Double = 0,
    cpuSeconds: @escaping @Sendable () -> Double = { 0 },
    onEvent: @escaping @Sendable (CompactionEvent) -> Void = { _ in },
    onRefusal: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    let pools = lanes.map {
      SchedulingRules.Pool(kinds: $0.kinds, slotCount: $0.slotCount)
    }
    self.init(
      store: store, policy: policy, rules: SchedulingRules(pools: pools),
      executors: lanes.map(\.executor), seed: seed, costs: costs, restSeconds: restSeconds,
      cpuSeconds: cpuSeconds, onEvent: onEvent, onRefusal: onRefusal)
  }
}
