import StorageIO
import Synchronization
import TabletEngine

/// What has to happen to replicas now and then, on a thread of its own: they ask each other what
/// there is, sweep, and their components are counted.
final class ReplicaUpkeep: Sendable {
  private struct State {
    var isStopped = false
    var looks = 0
    var componentSum = 0.0
  }

  private let stores: [ReplicaStore]
  private let pool: WorkerPool
  private let state = Mutex(State())
  private static let looksPerSweep = 50

  init(_ stores: [ReplicaStore], everySeconds seconds: Double) throws {
    self.stores = stores
    pool = try WorkerPool(name: "upkeep", threadCount: 1)
    pool.submit { [self] in
      while !state.withLock({ $0.isStopped }) {
        look()
        SystemClock().pause(seconds: seconds)
      }
    }
  }

  private func look() {
    for store in stores {
      if let replica = store.replica { store.scheduler.reconsider(replica.poll()) }
      store.scheduler.tick()
    }
    let components = stores.reduce(0) { $0 + $1.componentCount }
    let looks = state.withLock { state in
      state.looks += 1
      state.componentSum += Double(components) / Double(stores.count)
      return state.looks
    }
    guard looks % Self.looksPerSweep == 0 else { return }
    for store in stores {
      // What cannot be swept now is swept later.
      do { try store.store.sweepStaleRowsets() } catch {}
    }
  }

  /// Returns when no replica has had anything to do for some looks.
  func waitUntilQuiescent(looks: Int) {
    var idle = 0
    var seen = -1
    while idle < looks {
      SystemClock().pause(seconds: 0.01)
      let now = state.withLock { $0.looks }
      if now == seen { continue }
      seen = now
      idle = stores.allSatisfy(\.scheduler.isQuiescent) ? idle + 1 : 0
    }
  }

  /// - Returns: components of a replica, the mean of all looks.
  func stop() -> Double {
    state.withLock { $0.isStopped = true }
    pool.shutdown()
    return state.withLock { $0.componentSum / Double(max(1, $0.looks)) }
  }
}
