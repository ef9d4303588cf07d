import IngestDriver
import StorageBase
import StorageIO

/// What another program writes to this one, as a stream of one partition. It cannot be read twice:
/// a run that goes on from a checkpoint has to be given the same text again, of which it passes
/// what it has read before. Thread-safe.
public struct StandardInputStream: StreamSource {
  private static let partition = "standard input"

  private let mapping: InputMapping
  private let clock: any TimeSource

  public init(mapping: InputMapping, clock: any TimeSource) {
    self.mapping = mapping
    self.clock = clock
  }

  public var schema: Schema { mapping.schema }

  public func partitions() -> [String] { [Self.partition] }

  public func open(
    _ partition: String, at position: SourcePosition
  ) throws -> any PartitionReader {
    TextPartition(
      StandardInputBytes(StandardInput()), name: partition, mapping: mapping, at: position,
      isFollowed: true, clock: clock)
  }
}
