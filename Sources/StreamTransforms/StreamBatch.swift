import ScanKernels
import StorageBase

/// Rows of one partition of a source, and where in it each came from. Immutable and thread-safe.
public struct StreamBatch: Sendable {
  /// Where rows came from, in the source's own counting (a record number, a byte offset).
  public enum Offsets: Sendable {
    /// The first row's; the others follow without gaps.
    case consecutive(from: Int64)
    /// One `Int64` a row.
    case listed(AlignedBuffer)
  }

  public let rows: ColumnBatch
  /// The name of the partition, such as `orders-3` or the path of a file.
  public let partition: String
  public let offsets: Offsets
  /// By column of the source, whatever has become of it since, the rows that have it; nil for all
  /// rows. Empty where all rows have all columns. What a row lacks is null in `rows`.
  public let given: [Bitmap?]

  /// - Precondition: offsets that are listed are as many as the rows, as are the bits of `given`.
  public init(
    rows: ColumnBatch, partition: String, offsets: Offsets, given: [Bitmap?] = []
  ) {
    precondition(given.allSatisfy { $0.map { $0.count == rows.rowCount } ?? true })
    if case .listed(let buffer) = offsets {
      precondition(buffer.byteCount >= rows.rowCount * MemoryLayout<Int64>.stride)
    }
    self.rows = rows
    self.partition = partition
    self.offsets = offsets
    self.given = given
  }

  public var rowCount: Int { rows.rowCount }
  public var schema: Schema { rows.schema }

  /// The offset of one row. O(1).
  @inlinable public func offset(of row: Int) -> Int64 {
    switch offsets {
    case .consecutive(let first): first &+ Int64(row)
    case .listed(let buffer): buffer.values(as: Int64.self)[row]
    }
  }

  /// The rows that have all of some columns of the source; nil for all rows.
  public func rows(having columns: [Int]) -> Bitmap? {
    if given.isEmpty { return nil }
    var common: Bitmap?
    for column in columns {
      guard let rows = given[column] else { continue }
      common = common.map { $0.intersection(rows) } ?? rows
    }
    return common
  }

  /// Other columns for the same rows.
  /// - Precondition: as many rows as these.
  public func with(_ rows: ColumnBatch) -> StreamBatch {
    precondition(rows.rowCount == rowCount)
    return StreamBatch(rows: rows, partition: partition, offsets: offsets, given: given)
  }

  /// Some of the rows, in the order given. Linear in the bytes copied.
  /// - Precondition: every row is there.
  public func gather(_ selected: [UInt32]) -> StreamBatch {
    let buffer = AlignedBuffer(byteCount: selected.count * MemoryLayout<Int64>.stride)
    let target = buffer.mutableValues(as: Int64.self)
    for (index, row) in selected.enumerated() { target[index] = offset(of: Int(row)) }
    return StreamBatch(
      rows: ColumnBatch(
        schema: schema, rowCount: selected.count,
        columns: rows.columns.map { $0.gather(selected) }),
      partition: partition, offsets: .listed(buffer), given: given.map { $0?.gather(selected) })
  }

  /// The rows whose bits are set; itself where all are.
  public func keeping(_ selection: Bitmap) -> StreamBatch {
    let selected = selection.rowIDs()
    return selected.count == rowCount ? self : gather(selected)
  }
}
