import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// One machine with a replica: its disk and clock, and what its process has in memory.
final class ReplicaMachine: @unchecked Sendable {
  // Everything happens on the thread that runs the simulation.

  /// What goes with the process.
  struct Process {
    let replica: StoreReplica
    let scheduler: CompactionScheduler
    let executor: SimulatedExecutor
  }

  let id: ReplicaID
  var world: SimulatedWorld
  var process: Process?
  /// Loads that were acknowledged.
  var loadCount = 0
  /// All loads it has been sent.
  var ledger: ReplicaLedger
  /// How many of the loads that all are to get it has been sent, or has missed for good.
  var commonCount = 0
  /// Whether the next load may be there.
  var isInDoubt = false
  /// Whether a load is being written.
  var isLoading = false
  /// Whether its disk has been told to die.
  var isDying = false
  /// Whether loads come to it seldom.
  let isLagging: Bool

  init(id: ReplicaID, table: ReplicaTable, options: StoreOptions, isLagging: Bool) {
    self.id = id
    ledger = ReplicaLedger(table)
    self.isLagging = isLagging
    world = SimulatedWorld(options: options, entropy: id.rawValue)
  }

  /// The process is gone; its disk is as it was.
  func end(atOnce: Bool) {
    process?.scheduler.stop(cancelRunning: true)
    process?.executor.dropAll()
    process = nil
    world.end(atOnce: atOnce)
    forget()
  }

  func losePower(seed: UInt64) {
    process?.scheduler.stop(cancelRunning: true)
    process?.executor.dropAll()
    process = nil
    world.losePower(seed: seed)
    forget()
  }

  private func forget() {
    isDying = false
    isLoading = false
  }
}
