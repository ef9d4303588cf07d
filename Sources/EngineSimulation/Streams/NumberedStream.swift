import ScanKernels
import StorageBase
import StreamDriver
import StreamTransforms

/// A source whose rows are known beforehand: numbers, cut into partitions. Readers give them out in
/// batches of any size, wait now and then, and lose their source, as a seed wants it.
struct NumberedStream: StreamSource {
  /// Rows of each partition.
  let rowCounts: [Int]
  let seed: UInt64
  let clock: ManualClock
  let schema: Schema

  init(rowCounts: [Int], seed: UInt64, clock: ManualClock) throws {
    self.rowCounts = rowCounts
    self.seed = seed
    self.clock = clock
    schema = try Schema(
      [
        ("id", .int64, false), ("amount", .int64, false), ("name", .string, true),
        ("grp", .int64, false), ("parity", .int64, false), ("at", .datetime, false),
      ], sortKeyCount: 1)
  }

  /// The number of a row.
  static func id(partition: Int, row: Int) -> Int64 { Int64(partition) << 32 | Int64(row) }

  static func amount(of id: Int64) -> Int64 { Int64(mixBits(UInt64(id)) % 1000) }

  static let groupCount: Int64 = 5

  /// Event times come out of order by less than this.
  static let jitter: Int64 = 2_000_000

  /// The event time of a row: a quarter of a second from one to the next, and sometimes a pause.
  static func time(of id: Int64) -> Int64 {
    let row = id & 0xFFFF_FFFF
    let late = Int64(mixBits(UInt64(id) &+ 7) % UInt64(jitter))
    return 1_790_000_000_000_000 + row * 250_000 + row / 13 * 3_000_000 + late
  }

  var ids: [Int64] {
    rowCounts.enumerated().flatMap { partition, count in
      (0..<count).map { Self.id(partition: partition, row: $0) }
    }
  }

  func partitions() -> [String] { rowCounts.indices.map { "p\($0)" } }

  func open(_ partition: String, at position: SourcePosition) throws -> any PartitionReader {
    guard let number = Int(partition.dropFirst()), rowCounts.indices.contains(number) else {
      throw StorageError.unknownName(
        kind: "partition", name: partition, known: partitions())
    }
    return NumberedReader(self, partition: number, at: position)
  }

  func batch(_ ids: [Int64]) -> ColumnBatch {
    let builders = schema.columns.map { ColumnBuilder(type: $0.type, capacity: ids.count) }
    for id in ids {
      builders[0].append(integer: id)
      builders[1].append(integer: Self.amount(of: id))
      if id % 5 == 0 { builders[2].appendNull() } else { builders[2].append(string: "row \(id)") }
      builders[3].append(integer: id % Self.groupCount)
      builders[4].append(integer: id & 1)
      builders[5].append(integer: Self.time(of: id))
    }
    return ColumnBatch(
      schema: schema, rowCount: ids.count, columns: builders.map { $0.finish() })
  }
}

private final class NumberedReader: PartitionReader {
  private let stream: NumberedStream
  private let partition: Int
  private var random: SeededGenerator
  private(set) var position: SourcePosition

  init(_ stream: NumberedStream, partition: Int, at position: SourcePosition) {
    self.stream = stream
    self.partition = partition
    self.position = position
    random = SeededGenerator(
      seed: stream.seed &+ position.offset &* 31 &+ UInt64(partition)
        &+ UInt64(stream.clock.now().rawValue))
  }

  func read(maxRows: Int) throws -> SourceReading {
    let first = Int(position.offset)
    let left = stream.rowCounts[partition] - first
    guard left > 0 else { return .ended }
    switch random.next() % 12 {
    case 0: return .waiting(until: stream.clock.now().advanced(bySeconds: 0.3))
    case 1:
      throw StorageError.io(
        operation: "read", path: "p\(partition)", code: 5, message: "the source went away")
    default: break
    }
    let count = min(left, 1 + Int(random.next() % UInt64(maxRows)))
    let ids = (first..<first + count).map { NumberedStream.id(partition: partition, row: $0) }
    position.offset += UInt64(count)
    position.rowCount = position.offset
    return .rows(
      SourceBatch(
        rows: StreamBatch(
          rows: stream.batch(ids), partition: "p\(partition)",
          offsets: .consecutive(from: Int64(first))),
        dueAt: stream.clock.now()))
  }
}
