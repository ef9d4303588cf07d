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
  private let sink = MemorySink()
  private let writer: SegmentWriter

  /// - Parameter rows: of `batch`, in key order.
  init(bucket: Int, rows: [UInt32], of batch: ColumnBatch, options: SegmentOptions) throws {
    self.bucket = bucket
    self.rows = rows
    isBatch = rows.count == batch.rowCount && rows.enumerated().allSatisfy { $0 == $1 }
    writer = try SegmentWriter(schema: batch.schema, options: options, sink: sink)
  }

  var rowCount: Int { rows.count }

  /// Encodes the next column; all of them are to be given in the order of the schema.
  func append(_ column: ColumnVector) throws {
    try writer.writeColumn(isBatch ? column : column.gather(rows))
  }

  /// The whole segment, once all columns are there.
  func finish() throws -> [UInt8] {
    _ = try writer.finish()
    return sink.bytes
  }
}
