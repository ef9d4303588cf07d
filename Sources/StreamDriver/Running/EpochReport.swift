import StorageBase
import StreamTransforms

/// What a writer has done between two checkpoints, handed over at the second.
struct EpochReport: Sendable {
  var writer: Int
  /// The checkpoint it is for.
  var checkpoint: UInt64
  /// None when there were no rows to write.
  var loads: [PendingLoad]
  var partitions: [String: SourcePosition]
  /// By partition, the changes of columns at which they wait.
  var asked: [String: AskedChange]
  /// Those that do not hold event time back: at their end, or without rows for long.
  var silentPartitions: Set<String>
  /// Whether none of its partitions has rows any more.
  var isExhausted: Bool
  var counts: PipelineCounts
  /// By file, bytes that count.
  var sideOutputs: [String: UInt64]
  /// What became of the rows of this run, step by step.
  var steps: [StepCounters]
  /// For the operators.
  var gathered: [any Sendable]
  var arrivals: [RowArrival]
  var work: StageWork
}

/// When rows of a batch came into being; the earliest of them, so that latencies are not made to
/// look better than they were.
public struct RowArrival: Hashable, Sendable {
  public var dueAt: Timestamp
  public var rowCount: Int
}

/// What the stages of a stream have cost.
public struct StageWork: Hashable, Sendable {
  /// CPU seconds of threads.
  public var readSeconds = 0.0
  public var transformSeconds = 0.0
  /// Handing rows to loads, with sorting and encoding of full buffers.
  public var writeSeconds = 0.0
  /// Sorting and encoding the rest, and making it durable.
  public var precommitSeconds = 0.0
  /// Bytes of rows as they came in.
  public var byteCount: UInt64 = 0

  public init() {}

  public static func += (work: inout Self, more: Self) {
    work.readSeconds += more.readSeconds
    work.transformSeconds += more.transformSeconds
    work.writeSeconds += more.writeSeconds
    work.precommitSeconds += more.precommitSeconds
    work.byteCount += more.byteCount
  }
}
