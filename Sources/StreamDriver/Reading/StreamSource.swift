import StorageBase
import StreamTransforms

/// Where a stream comes from: partitions, each with rows in an order that is the same whenever they
/// are read, from any position that a reader has told. Thread-safe.
public protocol StreamSource: Sendable {
  /// Of every batch.
  var schema: Schema { get }

  /// The partitions there are now, sorted. One that has been there stays; new ones may come.
  func partitions() throws -> [String]

  /// A reader that goes on at `position`.
  /// - Throws: `StorageError.damaged` when what was read before is not what is there now.
  func open(_ partition: String, at position: SourcePosition) throws -> any PartitionReader

  /// The columns of rows at the beginning, for a source that tells of changes of them; nil for one
  /// that does not.
  var firstColumns: RowColumns? { get }

  /// The same where rows have other columns than at the beginning.
  func open(
    _ partition: String, at position: SourcePosition, columns: RowColumns
  ) throws -> any PartitionReader
}

extension StreamSource {
  public var firstColumns: RowColumns? { nil }

  public func open(
    _ partition: String, at position: SourcePosition, columns: RowColumns
  ) throws -> any PartitionReader {
    try open(partition, at: position)
  }
}

/// Reads the rows of one partition, one batch after another. Not thread-safe.
public protocol PartitionReader: AnyObject {
  /// Behind the rows that have been given out.
  var position: SourcePosition { get }

  /// The next rows, at most `maxRows`.
  /// - Throws: `StorageError.io` when the source is out of reach for now: it may be opened again
  ///   where this one stands. Other errors will not go away by themselves.
  func read(maxRows: Int) throws -> SourceReading

  /// Goes on behind the change that was read last, with rows of these columns. Until then reading
  /// gives the change again.
  func pass(_ columns: RowColumns) throws
}

extension PartitionReader {
  /// For those that give no changes.
  public func pass(_ columns: RowColumns) {}
}

/// What a reader has to give.
public enum SourceReading {
  case rows(SourceBatch)
  /// A change of the columns of the rows that follow; the position is the one behind it.
  case change(SchemaEvent, next: SourcePosition)
  /// None now; maybe at that time, and whenever the source gets some if it is nil.
  case waiting(until: Timestamp?)
  /// None any more.
  case ended
}

/// Rows as they come from a partition.
public struct SourceBatch: Sendable {
  public var rows: StreamBatch
  /// When the first of them came into being, where that is known: latency counts from here.
  public var dueAt: Timestamp?
  /// Bytes of the rows as they came in; 0 for those that were made up.
  public var byteCount: Int
  /// What could not be read as a row.
  public var unreadable: [RejectedRow]

  public init(
    rows: StreamBatch, dueAt: Timestamp? = nil, byteCount: Int = 0,
    unreadable: [RejectedRow] = []
  ) {
    self.rows = rows
    self.dueAt = dueAt
    self.byteCount = byteCount
    self.unreadable = unreadable
  }
}
