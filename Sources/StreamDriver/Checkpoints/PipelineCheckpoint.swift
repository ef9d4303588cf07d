import StorageBase

/// What a pipeline must know to go on as if it had never stopped. A value.
public struct PipelineCheckpoint: Hashable, Sendable {
  /// Counted from 1.
  public var number: UInt64
  public var takenAt: Timestamp
  /// Digest of what must not change between runs.
  public var pipeline: UInt64
  public var watermark: Timestamp
  public var counts: PipelineCounts
  /// By partition.
  public var partitions: [String: PartitionState]
  /// Pre-committed, and not known to be committed.
  public var pending: [PendingLoad]
  /// By the name of the operator.
  public var operators: [String: [UInt8]]
  /// By the name of the side output, bytes that count.
  public var sideOutputs: [String: UInt64]

  public init(
    number: UInt64, takenAt: Timestamp, pipeline: UInt64,
    watermark: Timestamp = .beforeEverything, counts: PipelineCounts = PipelineCounts(),
    partitions: [String: PartitionState] = [:], pending: [PendingLoad] = [],
    operators: [String: [UInt8]] = [:], sideOutputs: [String: UInt64] = [:]
  ) {
    self.number = number
    self.takenAt = takenAt
    self.pipeline = pipeline
    self.watermark = watermark
    self.counts = counts
    self.partitions = partitions
    self.pending = pending
    self.operators = operators
    self.sideOutputs = sideOutputs
  }
}

/// Rows of a pipeline since its very first start.
public struct PipelineCounts: Hashable, Sendable {
  public var readRows: UInt64 = 0
  public var writtenRows: UInt64 = 0
  /// Late ones included.
  public var rejectedRows: UInt64 = 0

  public init(readRows: UInt64 = 0, writtenRows: UInt64 = 0, rejectedRows: UInt64 = 0) {
    self.readRows = readRows
    self.writtenRows = writtenRows
    self.rejectedRows = rejectedRows
  }

  public static func += (counts: inout Self, more: Self) {
    counts.readRows += more.readRows
    counts.writtenRows += more.writtenRows
    counts.rejectedRows += more.rejectedRows
  }
}

/// What is known of one partition.
public struct PartitionState: Hashable, Sendable {
  public var position: SourcePosition
  /// The greatest event time seen.
  public var eventTime: Timestamp

  public init(
    position: SourcePosition = .start, eventTime: Timestamp = .beforeEverything
  ) {
    self.position = position
    self.eventTime = eventTime
  }
}

extension Timestamp {
  /// Earlier than every row.
  public static let beforeEverything = Timestamp(rawValue: .min)
}
