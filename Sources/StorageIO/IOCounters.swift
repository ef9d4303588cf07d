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
  /// Segments of loads that are joined while these go on.
  case segmentCompaction
  /// Segments read for queries.
  case query
  /// Inspection, verification and tools.
  case tool
}

/// Exact counts of the work done at the file system, by cause. Thread-safe and free of locks; the
/// counts of one snapshot may be some operations apart from each other while others are at work.
public final class IOCounters: Sendable {
  /// One cause's counts at a moment.
  public struct Counts: Hashable, Sendable {
    public var bytesWritten = 0
    public var bytesRead = 0
    public var writes = 0
    public var reads = 0
    public var syncs = 0

    /// What was done between an `earlier` snapshot and this one.
    public static func - (later: Counts, earlier: Counts) -> Counts {
      var difference = later
      difference.bytesWritten -= earlier.bytesWritten
      difference.bytesRead -= earlier.bytesRead
      difference.writes -= earlier.writes
      difference.reads -= earlier.reads
      difference.syncs -= earlier.syncs
      return difference
    }

    public static func + (a: Counts, b: Counts) -> Counts {
      var sum = a
      sum.bytesWritten += b.bytesWritten
      sum.bytesRead += b.bytesRead
      sum.writes += b.writes
      sum.reads += b.reads
      sum.syncs += b.syncs
      return sum
    }
  }

  private final class Cell: Sendable {
    let bytesWritten = Atomic<Int>(0)
    let bytesRead = Atomic<Int>(0)
    let writes = Atomic<Int>(0)
    let reads = Atomic<Int>(0)
    let syncs = Atomic<Int>(0)
  }

  private let cells = IOCause.allCases.map { _ in Cell() }

  public init() {}

  public func addWrite(_ cause: IOCause, bytes: Int) {
    let cell = cells[cause.rawValue]
    cell.bytesWritten.wrappingAdd(bytes, ordering: .relaxed)
    cell.writes.wrappingAdd(1, ordering: .relaxed)
  }

  public func addRead(_ cause: IOCause, bytes: Int) {
    let cell = cells[cause.rawValue]
    cell.bytesRead.wrappingAdd(bytes, ordering: .relaxed)
    cell.reads.wrappingAdd(1, ordering: .relaxed)
  }

  public func addSync(_ cause: IOCause) {
    cells[cause.rawValue].syncs.wrappingAdd(1, ordering: .relaxed)
  }

  public subscript(cause: IOCause) -> Counts {
    let cell = cells[cause.rawValue]
    return Counts(
      bytesWritten: cell.bytesWritten.load(ordering: .relaxed),
      bytesRead: cell.bytesRead.load(ordering: .relaxed),
      writes: cell.writes.load(ordering: .relaxed),
      reads: cell.reads.load(ordering: .relaxed),
      syncs: cell.syncs.load(ordering: .relaxed))
  }

  public var total: Counts {
    IOCause.allCases.reduce(Counts()) { $0 + self[$1] }
  }
}
