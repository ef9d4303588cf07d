import StorageBase
import TabletModel

/// Hears of a timed run while it goes on, for time series, lists of merges and traces.
public struct TimedObserver {
  /// Virtual seconds between samples.
  public var sampleSeconds: Double
  public var onSample: (TimedSample) throws -> Void
  public var onMerge: (TimedMerge) throws -> Void
  /// Hears of every event of a trace; nil if nobody wants one.
  public var onTrace: ((TraceEvent) throws -> Void)?

  /// - Precondition: `sampleSeconds` is positive.
  public init(
    sampleSeconds: Double = 1, onSample: @escaping (TimedSample) throws -> Void = { _ in },
    onMerge: @escaping (TimedMerge) throws -> Void = { _ in },
    onTrace: ((TraceEvent) throws -> Void)? = nil
  ) {
    precondition(sampleSeconds > 0, "samples are some time apart")
    self.sampleSeconds = sampleSeconds
    self.onSample = onSample
    self.onMerge = onMerge
    self.onTrace = onTrace
  }
}

/// An interval of a timed run. Counts are those of the interval; the rest is taken at its end.
public struct TimedSample: Hashable, Sendable {
  public let seconds: Double
  public let intervalSeconds: Double
  public let loadCount: Int
  public let loadedByteCount: Int
  public let rejectedCount: Int
  public let loadSeconds: WeightedQuantiles
  /// Of stalls that ended in the interval.
  public let stallSeconds: Double
  public let mergeCount: Int
  public let mergeReadByteCount: Int
  public let mergeWrittenByteCount: Int
  public let mergeProcessorSeconds: Double
  public let runningCount: Int
  /// Mean over tablets.
  public let componentMean: Double
  public let componentMax: Int
  public let debtByteCount: Int
  public let storedByteCount: Int
}

/// A merge of a timed run that has ended.
public struct TimedMerge: Hashable, Sendable {
  public let tablet: Int
  public let pick: CompactionPick
  /// What the policy said.
  public let reason: String
  public let startSeconds: Double
  public let endSeconds: Double
  public let inputCount: Int
  public let inputByteCount: Int
  public let outputByteCount: Int
  public let processorSeconds: Double
}
