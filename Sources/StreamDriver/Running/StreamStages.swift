import ScanKernels
import StorageBase
import StreamTransforms
import TabletEngine

/// What one writer does with rows between source and sink. Not thread-safe: each writer has its
/// own.
public protocol StreamStages: AnyObject {
  /// What becomes of a batch.
  /// - Parameter now: the time, for rules that ask for it.
  func process(_ batch: SourceBatch, at now: Timestamp) throws -> StagedRows

  /// What was gathered for the operators since the last call; the next rows are of the next
  /// checkpoint.
  /// - Parameter horizon: what rows are judged by from now on.
  func endEpoch(horizon: EventTimeHorizon) -> [any Sendable]

  /// What became of all rows so far, step by step.
  var counters: [StepCounters] { get }
}

extension StreamStages {
  public var counters: [StepCounters] { [] }
}

/// How far event time has come, as the operators had it after a checkpoint.
public struct EventTimeHorizon: Hashable, Sendable {
  /// By operator; nil before the first rows.
  public var watermarks: [Timestamp?]

  public init(_ watermarks: [Timestamp?] = []) { self.watermarks = watermarks }

  /// The least, as far as there are any.
  public var least: Timestamp? { watermarks.compactMap { $0 }.min() }
}

/// What stages made of a batch.
public struct StagedRows {
  public var writes: [TableWrite] = []
  public var sideRows: [SideRow] = []

  public init(writes: [TableWrite] = [], sideRows: [SideRow] = []) {
    self.writes = writes
    self.sideRows = sideRows
  }
}

/// Rows of one table.
public struct TableWrite {
  public var table: String
  public var rows: ColumnBatch
  /// Those that stand for the deletion of their keys.
  public var deletions: Bitmap?
  /// Of rows that give some columns, the others being taken from what the table has of their keys;
  /// nil for whole rows.
  public var partial: PartialWrite?
  /// Of partial rows that name their own columns: by column, the rows that give it, nil for all;
  /// empty where all rows give all of the columns.
  public var given: [Bitmap?]

  /// - Precondition: `given` is empty unless `partial` says that rows name their own columns.
  public init(
    table: String, rows: ColumnBatch, deletions: Bitmap? = nil, partial: PartialWrite? = nil,
    given: [Bitmap?] = []
  ) {
    precondition(given.isEmpty || partial?.isFlexible == true && given.count == rows.columns.count)
    self.table = table
    self.rows = rows
    self.deletions = deletions
    self.partial = partial
    self.given = given
  }
}

/// How rows that give some columns are written.
public struct PartialWrite: Hashable, Sendable {
  /// Nil for what the table says.
  public var strategy: PartialUpdate.Strategy?
  /// Whether each row gives the columns that it has, the key among them; otherwise all rows of a
  /// batch give all of its columns.
  public var isFlexible: Bool

  public init(strategy: PartialUpdate.Strategy? = nil, isFlexible: Bool = false) {
    self.strategy = strategy
    self.isFlexible = isFlexible
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
  /// Tells of partitions before their first rows come: event time waits for them.
  func expect(partitions: [String])

  /// Takes what writers gathered for one checkpoint, in any order.
  func merge(_ gathered: [any Sendable]) throws

  /// Moves event time on.
  /// - Parameters:
  ///   - silent: partitions that do not hold it back: at their end, or without rows for long.
  ///   - isEnd: whether nothing is left to read, so that all results are due.
  /// - Returns: results to be written.
  func advance(without silent: Set<String>, isEnd: Bool) throws -> [TableWrite]

  /// What writers may judge rows by that they gather for the checkpoint after the next one.
  var horizon: EventTimeHorizon { get }

  /// By name of the operator, for the checkpoint.
  func state() -> [String: [UInt8]]

  /// - Throws: `StorageError.corrupt` for states that are not understood.
  func restore(_ state: [String: [UInt8]]) throws
}

/// For streams that keep nothing.
public final class NoOperators: StreamOperators {
  public init() {}

  public var horizon: EventTimeHorizon { EventTimeHorizon() }
  public func expect(partitions: [String]) {}
  public func merge(_ gathered: [any Sendable]) {}
  public func advance(without silent: Set<String>, isEnd: Bool) -> [TableWrite] { [] }
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

  public func endEpoch(horizon: EventTimeHorizon) -> [any Sendable] { [] }
}
