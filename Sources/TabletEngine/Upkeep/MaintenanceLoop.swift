import StorageBase
import StorageIO

/// Calls `Store.maintain` whenever that is due, and sweeps stale rowsets now and then, on the
/// thread that calls `run`: the clock of a store that the core does not have. Thread-safe.
final class MaintenanceLoop: StoreObserver {
  private struct State {
    var isStopped = false
    /// When something is due; nil when nothing is known to be.
    var deadline: Timestamp?
  }

  /// Deadlines of transactions are found this late at most, and old rowsets swept this often.
  private static let secondsMax = 1.0
  /// How long a failing disk is left alone.
  private static let retrySeconds = 0.1

  private let store: Store
  private let onError: @Sendable (any Error) -> Void
  private let state = Monitor(State())

  /// - Parameter onError: hears what `maintain` throws, on the thread of `run`.
  init(store: Store, onError: @escaping @Sendable (any Error) -> Void = { _ in }) {
    self.store = store
    self.onError = onError
  }

  /// Returns after `stop`, with everything on disk that was promised to be.
  func run() {
    store.addObserver(self)
    defer { store.removeObserver(self) }
    var sweepsAt = store.clock.now()
    while !waitUntilDue() {
      do {
        if let next = try store.maintain() { note(next) }
        if store.clock.now() >= sweepsAt {
          try store.sweepStaleRowsets()
          sweepsAt = store.clock.now().advanced(bySeconds: Self.secondsMax)
        }
      } catch {
        onError(error)
        note(store.clock.now().advanced(bySeconds: Self.retrySeconds))
      }
    }
    do { try store.syncLog() } catch { onError(error) }
  }

  /// Ends `run`, soon.
  func stop() {
    state.withLock { $0.isStopped = true }
    state.broadcast()
  }

  public func storeChanged(_ change: StoreChange) {
    guard case .due(let deadline) = change else { return }
    if note(deadline) { state.broadcast() }
  }

  /// - Returns: whether it is earlier than what was known.
  @discardableResult
  private func note(_ deadline: Timestamp) -> Bool {
    state.withLock { state in
      guard state.deadline.map({ deadline < $0 }) ?? true else { return false }
      state.deadline = deadline
      return true
    }
  }

  /// - Returns: whether the loop has been stopped.
  private func waitUntilDue() -> Bool {
    let start = store.clock.now()
    let latest = start.advanced(bySeconds: Self.secondsMax)
    while true {
      let now = store.clock.now()
      let due = min(latest, state.withLock { $0.deadline } ?? latest)
      // A clock that is set back must not make the loop sleep for long.
      let seconds = min(due.seconds(since: now), Self.secondsMax)
      let isStopped: Bool? = state.wait(atMost: UInt64(max(0, seconds) * 1e9)) { state in
        if state.isStopped { return true }
        return state.deadline.map { $0 < due } ?? false ? false : nil
      }
      if isStopped == true { return true }
      if isStopped == nil {
        state.withLock { if $0.deadline.map({ $0 <= due }) ?? false { $0.deadline = nil } }
        return false
      }
    }
  }
}
