import Synchronization

/// How many of a number of things have not ended. Thread-safe.
final class Countdown: Sendable {
  private let remaining: Atomic<Int>

  init(_ count: Int) { remaining = Atomic(count) }

  var count: Int { remaining.load(ordering: .acquiring) }

  func countDown() { remaining.subtract(1, ordering: .releasing) }
}
