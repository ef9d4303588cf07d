import IngestDriver
import ScanKernels
import StorageBase
import StreamTransforms

/// Generated rows as a stream: a partition for each writer of the generator, whose offsets count
/// rows. Thread-safe.
///
/// The rows of a partition are the same however they are cut into batches, so that a restart makes
/// those before its position again and lets them go: O(rows) of about 20 ns each.
public struct GeneratedSource: StreamSource {
  private let factory: any BatchSourceFactory
  private let partitionCount: Int
  private let rowsPerPartition: UInt64?
  private let rowsPerSecond: Double?
  private let clock: any TimeSource

  /// - Parameters:
  ///   - partitionCount: at least 1; another number makes other partitions of the same rows.
  ///   - rowsPerPartition: nil for no end.
  ///   - rowsPerSecond: of all partitions together; nil for as fast as they are taken.
  public init(
    _ factory: any BatchSourceFactory, partitionCount: Int, rowsPerPartition: UInt64? = nil,
    rowsPerSecond: Double? = nil, clock: any TimeSource
  ) {
    precondition(partitionCount >= 1 && rowsPerSecond.map { $0 > 0 } ?? true)
    self.factory = factory
    self.partitionCount = partitionCount
    self.rowsPerPartition = rowsPerPartition
    self.rowsPerSecond = rowsPerSecond
    self.clock = clock
  }

  public var schema: Schema { factory.schema }

  public func partitions() -> [String] {
    let digits = "\(partitionCount - 1)".count
    return (0..<partitionCount).map { partition in
      let number = "\(partition)"
      return String(repeating: "0", count: digits - number.count) + number
    }
  }

  public func open(_ partition: String, at position: SourcePosition) throws -> any PartitionReader {
    guard let writer = partitions().firstIndex(of: partition) else {
      throw StorageError.unknownName(
        kind: "partition of the generator", name: partition, known: partitions())
    }
    let source = try factory.makeSource(writer: writer, writerCount: partitionCount)
    var left = position.offset
    while left > 0, let passed = try source.nextBatch(maxRows: Int(min(left, 8192))) {
      left -= UInt64(passed.rowCount)
    }
    let pacer = rowsPerSecond.map { rate in
      RowPacer(
        rowsPerSecond: rate / Double(partitionCount), start: clock.now(),
        firstRow: position.offset)
    }
    return GeneratedPartition(
      source, of: partition, at: position, end: rowsPerPartition ?? .max, pacer: pacer, clock: clock
    )
  }
}

private final class GeneratedPartition: PartitionReader {
  private let source: any BatchSource
  private let partition: String
  private(set) var position: SourcePosition
  private let end: UInt64
  private let pacer: RowPacer?
  private let clock: any TimeSource

  init(
    _ source: any BatchSource, of partition: String, at position: SourcePosition, end: UInt64,
    pacer: RowPacer?, clock: any TimeSource
  ) {
    self.partition = partition
    self.source = source
    self.position = position
    self.end = end
    self.pacer = pacer
    self.clock = clock
  }

  func read(maxRows: Int) throws -> SourceReading {
    let next = position.offset
    let left = end - min(end, next)
    guard left > 0 else { return .ended }
    var wanted = Int(min(UInt64(maxRows), left))
    let now = clock.now()
    if let pacer {
      let due = pacer.dueCount(from: next, at: now, maxRows: wanted)
      guard due > 0 else { return .waiting(until: pacer.readyTime(from: next, maxRows: wanted)) }
      wanted = due
    }
    guard let rows = try source.nextBatch(maxRows: wanted) else { return .ended }
    position.offset += UInt64(rows.rowCount)
    position.rowCount = position.offset
    return .rows(
      SourceBatch(
        rows: StreamBatch(
          rows: rows, partition: partition, offsets: .consecutive(from: Int64(next))),
        dueAt: pacer?.dueTime(of: next) ?? now))
  }
}
