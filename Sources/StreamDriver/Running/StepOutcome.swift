import StorageBase

/// What a step of a stream came to.
public enum StepOutcome: Hashable, Sendable {
  /// There may be more to do at once.
  case worked
  /// There is nothing to do until that time, or until somebody else has done something.
  case waiting(until: Timestamp)
  /// There will never be anything to do again.
  case ended
}

/// Measures the work of the thread that asks. Thread-safe.
public protocol Stopwatch: Sendable {
  /// Seconds since some fixed moment.
  func seconds() -> Double
}

/// For those who do not want to know.
public struct NoStopwatch: Stopwatch {
  public init() {}
  public func seconds() -> Double { 0 }
}
