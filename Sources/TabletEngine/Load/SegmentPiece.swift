import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase

/// The rows of a batch that become one segment. Not thread-safe.
///
/// A batch is spread over its pieces one column at a time: the column stays in the cache while
/// every piece takes its rows, and no more than one column of one piece is held besides the batch;
/// of tables with a key index, the keys as well, and those that are kept row by row.
final class SegmentPiece {
  /// An encoded segment.
  struct Encoded {
    let bytes: [UInt8]
    let rowCount: Int
    /// What publishing it takes; nil for tables without a key index.
    let keys: SegmentKeys?
  }

  let bucket: Int
  private let rows: [UInt32]
  /// Whether the rows are those of the batch, in order, so that nothing needs to be gathered.
  private let isBatch: Bool
  private let definition: TableDefinition
  private let tablet: TabletSnapshot
  /// Rows of the piece that delete their keys.
  private let deleteSigns: Bitmap?
  /// What the rows were completed from; of partial loads.
  private let basis: KeyBasis?
  private var keyColumns: [ColumnVector] = []
  private var sequence: ColumnVector?
  /// Those that are kept row by row as well.
  private var rowColumns: [ColumnVector] = []
  private let rowStoreColumns: Set<Int>
  private var columnCount = 0
  private let sink = MemorySink()
  private let writer: SegmentWriter

  /// - Parameters:
  ///   - rows: of a batch, in key order.
  ///   - batchRowCount: how many rows that has.
  ///   - deleteSigns: of all rows of the batch.
  ///   - tablet: where the rows are going.
  ///   - basis: of `rows`.
  init(
    bucket: Int, rows: [UInt32], ofRowCount batchRowCount: Int, deleteSigns: Bitmap? = nil,
    definition: TableDefinition, tablet: TabletSnapshot, basis: KeyBasis? = nil
  ) throws {
    self.bucket = bucket
    self.definition = definition
    self.rows = rows
    rowStoreColumns = Set(definition.rowStoreColumns)
    self.tablet = tablet
    self.basis = basis
    isBatch = rows.count == batchRowCount && rows.enumerated().allSatisfy { $0 == $1 }
    self.deleteSigns = deleteSigns.flatMap { Self.signs($0, of: rows) }
    writer = try SegmentWriter(
      schema: self.deleteSigns == nil ? definition.schema : definition.schema.withDeleteSign(),
      options: definition.segmentOptions, sink: sink)
  }

  private static func signs(_ signs: Bitmap, of rows: [UInt32]) -> Bitmap? {
    let own = Bitmap(count: rows.count)
    for (index, row) in rows.enumerated() where signs[Int(row)] { own.set(index) }
    return own.setCount == 0 ? nil : own
  }

  var rowCount: Int { rows.count }

  /// Encodes the next column, and its index; all of them are to be given in the order of the
  /// schema.
  func append(_ column: ColumnVector) throws {
    let own = isBatch ? column : column.gather(rows)
    try writer.writeColumn(own)
    try definition.appendIndex(ofColumn: columnCount, of: own, to: writer)
    if let options = definition.uniqueKeys, options.merge == .onWrite {
      if columnCount < definition.schema.sortKeyCount { keyColumns.append(own) }
      if definition.schema.columns[columnCount].name == options.sequenceColumn { sequence = own }
    }
    if rowStoreColumns.contains(columnCount) { rowColumns.append(own) }
    columnCount += 1
  }

  /// The whole segment, once all columns are there.
  func finish() throws -> Encoded {
    if let deleteSigns {
      try writer.writeColumn(DeleteSign.vector(deleteSigns, rowCount: rows.count))
    }
    let published = try tablet.keys?.index?.prepare(
      keys: keyColumns, sequence: sequence, deleteSigns: deleteSigns, over: tablet)
    if let published, let probe = published.probe {
      try writer.appendPrimaryKeys(hasSequences: published.sequences != nil) {
        try $0.append(probe.keys, sequences: published.sequences)
      }
    }
    if !rowColumns.isEmpty {
      try writer.appendRowStore(definition.rowStoreOptions) {
        try $0.append(rowColumns, rows: 0..<rows.count)
      }
    }
    _ = try writer.finish()
    return Encoded(
      bytes: sink.bytes, rowCount: rows.count,
      keys: basis.map { published?.based(on: $0) } ?? published)
  }
}
