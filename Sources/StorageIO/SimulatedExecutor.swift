import StorageBase
import Synchronization

/// Keeps submitted jobs and runs them one at a time when told to, in an order chosen by a seed: a
/// test can replay every interleaving of background work from one number.
///
/// Thread-safe, but deterministic only while one thread submits and runs.
public final class SimulatedExecutor: JobExecutor {
  private struct State: Sendable {
    var jobs: [@Sendable () -> Void] = []
    var random: SeededGenerator
  }

  private let state: Mutex<State>

  public init(seed: UInt64) { state = Mutex(State(random: SeededGenerator(seed: seed))) }

  /// How many jobs wait.
  public var pendingCount: Int { state.withLock { $0.jobs.count } }

  public func submit(_ job: @escaping @Sendable () -> Void) {
    state.withLock { $0.jobs.append(job) }
  }

  /// Runs one of the waiting jobs; false when there is none.
  @discardableResult
  public func runNext() -> Bool {
    let job = state.withLock { state -> (@Sendable () -> Void)? in
      guard !state.jobs.isEmpty else { return nil }
      let index = Int.random(in: 0..<state.jobs.count, using: &state.random)
      return state.jobs.remove(at: index)
    }
    job?()
    return job != nil
  }

  /// Runs jobs until none waits, those that they submit included, and returns how many.
  @discardableResult
  public func runAll() -> Int {
    var count = 0
    while runNext() { count += 1 }
    return count
  }

  /// Forgets the waiting jobs, as a crash does, and returns how many there were.
  @discardableResult
  public func dropAll() -> Int {
    state.withLock { state in
      defer { state.jobs.removeAll() }
      return state.jobs.count
    }
  }
}
