import IngestDriver
import StorageBase
import StorageIO

/// What another program writes to this one, as a stream of one partition. It cannot be read twice:
/// a run that goes on from a checkpoint has to be given the same text again, of which it passes
/// what it has read before. Thread-safe.
public struct StandardInputStream: StreamSource {
  private static let partition = "standard input"

  private let text: RowText
  private let clock: any TimeSource

  /// - Parameter content: what is in the text besides rows of fixed columns.
  /// - Throws: `StorageError.invalidArgument` for changes among rows that are not lines of JSON.
  public init(
    mapping: InputMapping, clock: any TimeSource, _ content: TextContent = TextContent()
  ) throws {
    text = try RowText(mapping, content)
    self.clock = clock
  }

  public var schema: Schema { text.first.schema }

  public var firstColumns: RowColumns? { text.firstColumns }

  public func partitions() -> [String] { [Self.partition] }

  public func open(
    _ partition: String, at position: SourcePosition
  ) throws -> any PartitionReader {
    try TextPartition(
      StandardInputBytes(StandardInput()), name: partition, text, at: position,
      isFollowed: true, clock: clock)
  }

  public func open(
    _ partition: String, at position: SourcePosition, columns: RowColumns
  ) throws -> any PartitionReader {
    try TextPartition(
      StandardInputBytes(StandardInput()), name: partition, text, at: position, columns: columns,
      isFollowed: true, clock: clock)
  }
}
