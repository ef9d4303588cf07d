import ScanKernels
import SegmentFormat
import StorageBase

/// The rows of a batch that become one segment. Not thread-safe.
///
/// A batch is spread over its pieces one column at a time: the column stays in the cache while
/// every piece takes its rows, and no more than one column of one piece is held besides the batch.
final class SegmentPiece {
  let bucket: Int
  private let rows: [UInt32]
  /// Whether the rows are those of the batch, in order, so that nothing needs to be gathered.
  private let isBatch: Bool
  private let definition: TableDefinition
  private var columnCount = 0
  private let sink = MemorySink()
  private let writer: SegmentWriter

  /// - Parameter rows: of `batch`, in key order.
  init(
    bucket: Int, rows: [UInt32], of batch: ColumnBatch, definition: TableDefinition
  ) throws {
    self.bucket = bucket
    self.definition = definition
    self.rows = rows
    isBatch = rows.count == batch.rowCount && rows.enumerated().allSatisfy { $0 == $1 }
    writer = try SegmentWriter(
      schema: batch.schema, options: definition.segmentOptions, sink: sink)
  }

  var rowCount: Int { rows.count }

  /// Encodes the next column, and its index; all of them are to be given in the order of the
  /// schema.
  func append(_ column: ColumnVector) throws {
    let own = isBatch ? column : column.gather(rows)
    try writer.writeColumn(own)
    try definition.appendIndex(ofColumn: columnCount, of: own, to: writer)
    columnCount += 1
  }

  /// The whole segment, once all columns are there.
  func finish() throws -> [UInt8] {
    _ = try writer.finish()
    return sink.bytes
  }
}
