import Glibc

/// Wakes a thread that waits for this and nothing else, so that nobody else is disturbed.
///
/// A semaphore: a signal that comes before the wait is not lost. `wait` blocks its thread, so this
/// belongs on threads of one's own, not into Swift's cooperative pool. Thread-safe.
public final class ThreadSignal: @unchecked Sendable {
  // On the heap, since the system wants an address that never changes.
  private let semaphore: UnsafeMutablePointer<sem_t>

  public init() {
    semaphore = .allocate(capacity: 1)
    // Cannot fail with a count of zero within one process.
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  /// Blocks until somebody has signalled; every signal ends one wait. What was done before the
  /// signal is seen after the wait.
  public func wait() { _ = retryingInterrupts { sem_wait(semaphore) } }

  public func signal() { sem_post(semaphore) }
}
