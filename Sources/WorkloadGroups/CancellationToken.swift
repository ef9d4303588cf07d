import StorageBase
import Synchronization

/// Tells an operation that it is to end before its time: a flag that it looks at once for each page
/// it reads, and the moment by which its client wants an answer. Thread-safe.
///
/// The token knows no clock. Whoever runs the operation hands in the time where one is at hand; the
/// flag alone costs a load of a byte.
public final class CancellationToken: Sendable {
  private let flag = Atomic<Bool>(false)
  /// Nil for as long as it takes.
  public let deadline: Timestamp?

  public init(deadline: Timestamp? = nil) { self.deadline = deadline }

  public func cancel() { flag.store(true, ordering: .relaxed) }

  /// Whether somebody has called the operation off.
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// Whether it is to end: it was called off, or its time is over.
  public func isOver(at now: Timestamp) -> Bool {
    isCancelled || deadline.map { now >= $0 } ?? false
  }
}
