import StorageIO
import Synchronization

/// Says when each operation of a load is due. Operation `k` belongs to client `k mod clients` and
/// is due at its time (`start + k / rate`), whether or not the ones before it are done: latencies
/// measured from the due time show every stall (no coordinated omission). Thread-safe.
final class OpenLoopSchedule: Sendable {
  struct Turn {
    let ordinal: Int
    let client: Int
    /// On the monotonic clock, in nanoseconds.
    let due: UInt64
  }

  private let clientCount: Int
  /// Seconds after the start by ordinal, infinite for none; nil for operations that are due as soon
  /// as a thread is free.
  private let dueSeconds: (@Sendable (Int) -> Double)?
  private let total: Int?
  private let start: UInt64
  private let clock = MonotonicClock()
  private let taken = Atomic<Int>(0)
  private let isStopped = Atomic<Bool>(false)

  /// - Parameters:
  ///   - perSecond: operations per second over all clients; nil for as fast as possible.
  ///   - total: how many there are; nil for no end before `stop`.
  ///   - start: when operation 0 is due.
  convenience init(clientCount: Int, perSecond: Double?, total: Int?, start: UInt64) {
    let dueSeconds = perSecond.map { rate -> @Sendable (Int) -> Double in
      { Double($0) / rate }
    }
    self.init(clientCount: clientCount, total: total, start: start, dueSeconds: dueSeconds)
  }

  /// - Parameter dueSeconds: after the start by ordinal, infinite where there are no more; nil for
  ///   as fast as possible.
  init(
    clientCount: Int, total: Int?, start: UInt64, dueSeconds: (@Sendable (Int) -> Double)?
  ) {
    precondition(clientCount >= 1)
    self.clientCount = clientCount
    self.dueSeconds = dueSeconds
    self.total = total
    self.start = start
  }

  /// The next operation, which may be due later; nil when there are no more.
  func next() -> Turn? {
    guard !isStopped.load(ordering: .relaxed) else { return nil }
    let ordinal = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    if let total, ordinal >= total { return nil }
    let seconds = dueSeconds.map { $0(ordinal) }
    if let seconds, !seconds.isFinite { return nil }
    let due = seconds.map { start + UInt64($0 * 1e9) } ?? max(start, clock.now())
    return Turn(ordinal: ordinal, client: ordinal % clientCount, due: due)
  }

  /// Waits until `turn` is due; false when the schedule was stopped meanwhile.
  func wait(for turn: Turn) -> Bool {
    while !isStopped.load(ordering: .relaxed) {
      let now = clock.now()
      if now >= turn.due { return true }
      // In slices, so that a stop is noticed.
      sleepThread(nanoseconds: min(turn.due - now, 50_000_000))
    }
    return false
  }

  func stop() { isStopped.store(true, ordering: .relaxed) }
}
