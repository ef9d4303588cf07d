import CompactionPolicies
import StorageBase
import StorageIO
import Synchronization
import TabletEngine
import TabletModel

/// What runs beside loads in a store in use: its deadlines, and compaction if wanted.
final class StoreUpkeep: Sendable {
  private let loop: MaintenanceLoop
  private let scheduler: CompactionScheduler?
  private let pools: [WorkerPool]
  private let failure: Failure

  private final class Failure: Sendable {
    let first = Mutex<(any Error)?>(nil)

    func note(_ error: any Error) { first.withLock { $0 = $0 ?? error } }
  }

  /// - Parameter policy: by name; nil for no compaction.
  init(_ store: Store, policy: String? = nil) throws {
    let failure = Failure()
    self.failure = failure
    let loop = MaintenanceLoop(store: store) { failure.note($0) }
    self.loop = loop
    let upkeep = try WorkerPool(name: "upkeep", threadCount: 1)
    var pools = [upkeep]
    if let policy {
      let configured = try PolicyCatalogue.shipped.policy(policy)
      let cumulative = try WorkerPool(name: "cumulative", threadCount: 1)
      let base = try WorkerPool(name: "base", threadCount: 1)
      pools += [cumulative, base]
      scheduler = CompactionScheduler(
        store: store, policy: configured.policy,
        lanes: [
          CompactionLane(kinds: [.cumulative], slotCount: 1, executor: cumulative),
          CompactionLane(kinds: [.base, .full], slotCount: 1, executor: base),
        ], seed: 1, restSeconds: CompactionScheduler.threadRestSeconds)
    } else {
      scheduler = nil
    }
    self.pools = pools
    scheduler?.start()
    upkeep.submit { loop.run() }
  }

  /// Returns when compaction has nothing left to do.
  func waitUntilQuiescent() {
    scheduler?.waitUntilQuiescent(pause: { SystemClock().pause(seconds: 0.01) }, giveUp: { false })
  }

  /// - Throws: what failed meanwhile.
  func stop() throws {
    loop.stop()
    scheduler?.stop(cancelRunning: true)
    for pool in pools { pool.shutdown() }
    if let error = failure.first.withLock({ $0 }) { throw error }
  }
}
