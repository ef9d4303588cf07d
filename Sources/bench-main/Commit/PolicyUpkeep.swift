import CompactionPolicies
import StorageBase
import StorageIO
import Synchronization
import TabletEngine
import TabletModel

/// Upkeep of a store under a policy that is given by its name. What goes wrong in the background is
/// thrown when it stops.
final class PolicyUpkeep: Sendable {
  private let upkeep: StoreUpkeep
  private let scheduler: CompactionScheduler?
  private let failure: Failure

  private final class Failure: Sendable {
    let first = Mutex<(any Error)?>(nil)

    func note(_ error: any Error) { first.withLock { $0 = $0 ?? error } }
  }

  /// Starts.
  /// - Parameter policy: nil for no compaction.
  init(_ store: Store, policy: String? = nil) throws {
    let failure = Failure()
    self.failure = failure
    let rules = SchedulingRules(cumulativeSlotCount: 1)
    let pools = try policy == nil ? [] : StoreUpkeep.pools(for: rules)
    scheduler = try policy.map {
      CompactionScheduler(
        store: store, policy: try PolicyCatalogue.shipped.policy($0).policy, rules: rules,
        executors: pools, seed: 1, restSeconds: CompactionScheduler.threadRestSeconds)
    }
    upkeep = try StoreUpkeep(store, scheduler: scheduler, on: pools) { failure.note($0) }
  }

  /// Returns when compaction has nothing left to do.
  func waitUntilQuiescent() {
    scheduler?.waitUntilQuiescent(pause: { SystemClock().pause(seconds: 0.01) }, giveUp: { false })
  }

  /// - Throws: what failed meanwhile.
  func stop() throws {
    upkeep.stop(cancelsRunning: true)
    if let error = failure.first.withLock({ $0 }) { throw error }
  }
}
