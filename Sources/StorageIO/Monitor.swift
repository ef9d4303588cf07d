import Glibc

/// State, the lock that guards it, and waiting until it changes: a monitor in the sense of Hoare
/// and Brinch Hansen, with the semantics of Mesa (a condition is checked again after waking).
///
/// Made of a pthread mutex and condition variable. A thread that waits blocks, so this belongs on
/// threads of one's own, not into Swift's cooperative pool. Thread-safe; not recursive.
public final class Monitor<State: Sendable>: @unchecked Sendable {
  // On the heap, since pthread wants addresses that never change.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var state: State

  public init(_ state: State) {
    self.state = state
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    // None of these can fail on Linux with valid arguments.
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Runs `body` alone with the state. It does not wake anybody: call `broadcast` after a change
  /// that others wait for.
  public func withLock<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&state)
  }

  /// Blocks until `condition` returns a value, and returns it. The condition runs alone with the
  /// state, which it may change: once now, and once after every `broadcast`.
  public func wait<Result>(until condition: (inout State) throws -> Result?) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = try condition(&state) { return result }
      pthread_cond_wait(self.condition, mutex)
    }
  }

  /// As `wait(until:)`, but gives up after `nanoseconds` and returns nil.
  public func wait<Result>(
    atMost nanoseconds: UInt64, until condition: (inout State) throws -> Result?
  ) rethrows -> Result? {
    let (sum, isOverflow) = MonotonicClock().now().addingReportingOverflow(nanoseconds)
    let end = min(isOverflow ? .max : sum, UInt64(Int64.max))
    var deadline = timespec(
      tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = try condition(&state) { return result }
      if pthread_cond_timedwait(self.condition, mutex, &deadline) == ETIMEDOUT {
        return try condition(&state)
      }
    }
  }

  /// Wakes one that waits: enough when all wait for the same thing and one can have it.
  public func signal() { pthread_cond_signal(condition) }

  /// Wakes all that wait, so that they look at their conditions again.
  public func broadcast() { pthread_cond_broadcast(condition) }
}
