import ScanKernels
import StorageBase

/// What one writer does with rows between source and sink. Not thread-safe: each writer has its
/// own.
public protocol StreamStages: AnyObject {
  /// What becomes of a batch.
  /// - Parameter now: the time, for rules that ask for it.
  func process(_ batch: SourceBatch, at now: Timestamp) throws -> StagedRows

  /// What was gathered for the operators since the last call; the next rows are of the next
  /// checkpoint.
  func endEpoch() -> [any Sendable]

  /// How far event time has come by a checkpoint before the next; rows whose windows are over by
  /// then are late.
  func advance(to watermark: Timestamp)
}

/// What stages made of a batch.
public struct StagedRows {
  public var writes: [TableWrite] = []
  public var sideRows: [SideRow] = []
  /// The greatest event time of the rows, where they have one.
  public var eventTime: Timestamp?

  public init(
    writes: [TableWrite] = [], sideRows: [SideRow] = [], eventTime: Timestamp? = nil
  ) {
    self.writes = writes
    self.sideRows = sideRows
    self.eventTime = eventTime
  }
}

/// Rows of one table.
public struct TableWrite {
  public var table: String
  public var rows: ColumnBatch
  /// Those that stand for the deletion of their keys.
  public var deletions: Bitmap?

  public init(table: String, rows: ColumnBatch, deletions: Bitmap? = nil) {
    self.table = table
    self.rows = rows
    self.deletions = deletions
  }
}

/// A row that goes to a side output instead of a table.
public struct SideRow: Hashable, Sendable {
  /// The name of the output.
  public var output: String
  /// One line of JSON, without its end.
  public var line: String

  public init(output: String, line: String) {
    self.output = output
    self.line = line
  }
}

/// What is kept between checkpoints for all writers together: windows. Not thread-safe; one thread
/// at a time merges what the writers have gathered. No rows are held here but those that are state,
/// so that parallelism may change whenever a stream is restarted.
public protocol StreamOperators: AnyObject {
  /// Takes what writers gathered for one checkpoint, in any order.
  func merge(_ gathered: [any Sendable]) throws

  /// Event time has come so far: every partition has shown rows as late as this.
  /// - Returns: results to be written.
  func advance(to eventTime: Timestamp) throws -> [TableWrite]

  /// The watermark that writers may take for late what is before: at most that of `advance`.
  var watermark: Timestamp { get }

  /// By name of the operator, for the checkpoint.
  func state() -> [String: [UInt8]]

  /// - Throws: `StorageError.corrupt` for states that are not understood.
  func restore(_ state: [String: [UInt8]]) throws
}

/// For streams that keep nothing.
public final class NoOperators: StreamOperators {
  public private(set) var watermark = Timestamp.beforeEverything

  public init() {}

  public func merge(_ gathered: [any Sendable]) {}
  public func advance(to eventTime: Timestamp) -> [TableWrite] {
    watermark = max(watermark, eventTime)
    return []
  }
  public func state() -> [String: [UInt8]] { [:] }
  public func restore(_ state: [String: [UInt8]]) {}
}

/// Rows go into one table as they are.
public final class PassingStages: StreamStages {
  private let table: String

  public init(table: String) { self.table = table }

  public func process(_ batch: SourceBatch, at now: Timestamp) -> StagedRows {
    StagedRows(writes: [TableWrite(table: table, rows: batch.rows.rows)])
  }

  public func endEpoch() -> [any Sendable] { [] }

  public func advance(to watermark: Timestamp) {}
}
