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
  /// By partition, where to go on.
  public var partitions: [String: SourcePosition]
  /// Pre-committed, and not known to be committed.
  public var pending: [PendingLoad]
  /// By the name of the operator.
  public var operators: [String: [UInt8]]
  /// By the name of the side output, bytes that count.
  public var sideOutputs: [String: UInt64]

  public init(
    number: UInt64, takenAt: Timestamp, pipeline: UInt64,
    watermark: Timestamp = .beforeEverything, counts: PipelineCounts = PipelineCounts(),
    partitions: [String: SourcePosition] = [:], pending: [PendingLoad] = [],
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

extension Timestamp {
  /// Earlier than every row.
  public static let beforeEverything = Timestamp(rawValue: .min)
}
