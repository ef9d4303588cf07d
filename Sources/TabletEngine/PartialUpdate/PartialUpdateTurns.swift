import Synchronization

/// Lets partial loads that keep meeting others commit one after the other, so that each gets its
/// turn. Thread-safe.
final class PartialUpdateTurns: Sendable {
  private let turn = Mutex<Void>(())
  /// How many commit, or wait for committing, one after the other.
  private let queued = Atomic<Int>(0)
  private let redone = Atomic<Int>(0)

  /// Rows that were completed again because others had changed their keys.
  var redoneRowCount: Int { redone.load(ordering: .relaxed) }

  func addRedone(_ rowCount: Int) { redone.add(rowCount, ordering: .relaxed) }

  /// Carries out one attempt to commit a partial load: at once, unless it or another one is queued.
  func attempt(
    queueing: Bool, _ body: () throws -> CommitReceipt
  ) throws -> CommitReceipt {
    guard queueing || queued.load(ordering: .acquiring) > 0 else { return try body() }
    queued.add(1, ordering: .acquiringAndReleasing)
    defer { queued.subtract(1, ordering: .acquiringAndReleasing) }
    return try turn.withLock { _ in try body() }
  }
}
