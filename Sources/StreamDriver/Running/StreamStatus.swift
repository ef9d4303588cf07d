import StorageBase
import StreamTransforms

/// How a stream is doing.
public struct StreamStatus: Hashable, Sendable {
  /// Since the very first start, up to the last checkpoint.
  public var counts: PipelineCounts
  /// The last one, 0 for none.
  public var checkpoint: UInt64
  public var checkpointedAt: Timestamp?
  /// From the request until its loads were visible.
  public var checkpointSeconds = 0.0
  /// The present interval.
  public var intervalSeconds: Double
  public var watermark = Timestamp.beforeEverything
  /// Parts of the version limit that are used.
  public var versionFill = 0.0
  /// Changes of columns that tables had in this run.
  public var schemaChangeCount = 0
  /// What became of the rows of this run, transform by transform.
  public var steps: [StepCounters] = []
  /// In this run.
  public var work = StageWork()
  /// Why tables refuse loads; nil while they take them.
  public var refusal: String?
  /// Whether everything there was to read is visible, or it was asked to stop and did.
  public var isFinished = false
  /// Whether everything there was to read has been read, and results of windows have been written.
  public var isExhausted = false
}

/// Hears of a stream as it runs. Thread-safe; methods are called on the threads of the stream, and
/// should be quick.
public protocol StreamObserver: AnyObject, Sendable {
  /// Rows have become visible.
  func rowsBecameVisible(_ arrivals: [RowArrival], at now: Timestamp)
  /// Something a person should know, such as a source out of reach.
  func streamHasTrouble(_ text: String)
  /// A table got other columns.
  func schemaChanged(_ text: String)
}

extension StreamObserver {
  public func schemaChanged(_ text: String) {}
}
