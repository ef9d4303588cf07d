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
  /// Nil where columns stay.
  let changes: NumberedChanges?

  init(
    rowCounts: [Int], seed: UInt64, clock: ManualClock, changes: NumberedChanges? = nil
  ) throws {
    self.changes = changes
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

  var firstColumns: RowColumns? { changes.map { _ in RowColumns(schema) } }

  func open(_ partition: String, at position: SourcePosition) throws -> any PartitionReader {
    try open(partition, at: position, columns: RowColumns(schema))
  }

  func open(
    _ partition: String, at position: SourcePosition, columns: RowColumns
  ) throws -> any PartitionReader {
    guard let number = Int(partition.dropFirst()), rowCounts.indices.contains(number) else {
      throw StorageError.unknownName(
        kind: "partition", name: partition, known: partitions())
    }
    return NumberedReader(self, partition: number, at: position, columns)
  }

  /// Rows whose columns have changed.
  func batch(_ ids: [Int64], _ columns: RowColumns) throws -> ColumnBatch {
    let first = batch(ids)
    let vectors = columns.columns.map { column in
      if let origin = column.origin { return first.columns[origin] }
      let builder = ColumnBuilder(type: column.type, capacity: ids.count)
      for id in ids { NumberedChanges.append(id, column, to: builder) }
      return builder.finish()
    }
    return ColumnBatch(schema: try columns.schema(), rowCount: ids.count, columns: vectors)
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
  private var columns: RowColumns
  /// Counts changes as well as rows.
  private(set) var position: SourcePosition

  init(
    _ stream: NumberedStream, partition: Int, at position: SourcePosition, _ columns: RowColumns
  ) {
    self.columns = columns
    self.stream = stream
    self.partition = partition
    self.position = position
    random = SeededGenerator(
      seed: stream.seed &+ position.offset &* 31 &+ UInt64(partition)
        &+ UInt64(stream.clock.now().rawValue))
  }

  func read(maxRows: Int) throws -> SourceReading {
    let item = Int(position.offset)
    let rowCount = stream.rowCounts[partition]
    let itemCount = stream.changes?.itemCount(partition, rowCount: rowCount) ?? rowCount
    guard item < itemCount else { return .ended }
    switch random.next() % 12 {
    case 0: return .waiting(until: stream.clock.now().advanced(bySeconds: 0.3))
    case 1:
      throw StorageError.io(
        operation: "read", path: "p\(partition)", code: 5, message: "the source went away")
    default: break
    }
    let wanted = 1 + Int(random.next() % UInt64(maxRows))
    if let event = stream.changes?.event(partition, at: item) {
      return .change(event, next: position(behind: item))
    }
    let end =
      (item..<min(itemCount, item + wanted))
      .first { stream.changes?.event(partition, at: $0) != nil } ?? min(itemCount, item + wanted)
    let first = stream.changes?.row(partition, at: item) ?? item
    let ids = (0..<end - item).map {
      NumberedStream.id(partition: partition, row: first + $0)
    }
    position = position(behind: end - 1)
    return .rows(
      SourceBatch(
        rows: StreamBatch(
          rows: try stream.batch(ids, columns), partition: "p\(partition)",
          offsets: .consecutive(from: Int64(first))),
        dueAt: stream.clock.now()))
  }

  private func position(behind item: Int) -> SourcePosition {
    SourcePosition(offset: UInt64(item + 1), rowCount: UInt64(item + 1))
  }

  func pass(_ columns: RowColumns) {
    self.columns = columns
    position = position(behind: Int(position.offset))
  }
}
