import Synchronization

/// Why a file is read or written. The counts of the CSV are split by it.
public enum IOCause: Int, Sendable, CaseIterable {
  /// Commit records and inline rowsets.
  case log
  /// Tablet state written so that the log can be cut.
  case checkpoint
  /// Segments of new loads.
  case flush
  /// Inputs and outputs of compaction.
  case compaction
  /// Segments read for queries.
  case query
  /// Inspection, verification and tools.
  case tool
}

/// Exact counts of the work done at the file system, by cause. Thread-safe.
public final class IOCounters: Sendable {
  /// One cause's counts at a moment.
  public struct Counts: Hashable, Sendable {
    public var bytesWritten = 0
    public var bytesRead = 0
    public var writes = 0
    public var reads = 0
    public var syncs = 0
  }

  private let counts = Mutex([Counts](repeating: Counts(), count: IOCause.allCases.count))

  public init() {}

  public func addWrite(_ cause: IOCause, bytes: Int) {
    counts.withLock {
      $0[cause.rawValue].bytesWritten += bytes
      $0[cause.rawValue].writes += 1
    }
  }

  public func addRead(_ cause: IOCause, bytes: Int) {
    counts.withLock {
      $0[cause.rawValue].bytesRead += bytes
      $0[cause.rawValue].reads += 1
    }
  }

  public func addSync(_ cause: IOCause) {
    counts.withLock { $0[cause.rawValue].syncs += 1 }
  }

  public subscript(cause: IOCause) -> Counts { counts.withLock { $0[cause.rawValue] } }

  public var total: Counts {
    counts.withLock { all in
      all.reduce(into: Counts()) { sum, counts in
        sum.bytesWritten += counts.bytesWritten
        sum.bytesRead += counts.bytesRead
        sum.writes += counts.writes
        sum.reads += counts.reads
        sum.syncs += counts.syncs
      }
    }
  }
}
