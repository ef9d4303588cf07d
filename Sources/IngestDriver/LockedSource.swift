import ScanKernels
import Synchronization

/// The rows of one writer, for whichever thread acts for it: one at a time. Thread-safe.
public final class LockedSource: Sendable {
  private let source: Mutex<any BatchSource>

  public init(_ source: sending any BatchSource) { self.source = Mutex(source) }

  /// Runs `body` with the source, alone.
  public func withLock<Result: Sendable>(
    _ body: (any BatchSource) throws -> Result
  ) rethrows -> Result {
    try source.withLock { try body($0) }
  }
}
