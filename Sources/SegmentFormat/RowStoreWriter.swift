import ScanKernels
import StorageBase

/// Writes the row store of a segment. Rows come in order, as columns or as rows of a store with the
/// same layout, in any chunks and any mixture; what is held in memory is a page and a chunk of
/// rows. Not thread-safe.
public final class RowStoreWriter {
  public let layout: RowLayout
  public private(set) var rowCount = 0
  private let pageByteCount: Int
  private let sink: any SegmentSink
  private let compressor: PageCompressor
  private let encoder: RowEncoder
  private let encoded: RowBatch
  /// The rows of the page, and where each of them ends.
  private let page = ByteBuffer()
  private let ends = ByteBuffer()
  private var pageRowCount = 0
  private var pages: [RowDirectory.Page] = []
  private var pagesByteCount = 0

  init(layout: RowLayout, options: RowStoreOptions, sink: any SegmentSink) {
    self.layout = layout
    self.sink = sink
    pageByteCount = options.pageByteCount
    compressor = PageCompressor(options.compression)
    encoder = RowEncoder(layout: layout)
    encoded = RowBatch(layout: layout)
  }

  /// Appends rows `range` of columns, which are turned into rows.
  /// - Parameter columns: the columns of the layout, in its order; any kind of vector.
  /// - Precondition: the vectors are of the types of the columns, and have nulls only where those
  ///   may.
  /// - Throws: `StorageError.limitExceeded` for a row of more than 1 GiB, and what the sink throws.
  public func append(_ columns: [ColumnVector], rows range: Range<Int>) throws {
    encoded.removeAll()
    try encoder.encode(columns, rows: range, into: encoded) {
      try append(encoded)
      encoded.removeAll()
    }
  }

  /// Appends all rows of a batch as they are.
  /// - Precondition: the layouts are compatible.
  /// - Throws: what the sink throws.
  public func append(_ batch: RowBatch) throws {
    precondition(batch.layout.isCompatible(with: layout), "rows of another layout")
    for row in 0..<batch.count { try append(checked: batch.rowBytes(row)) }
  }

  /// Appends one row as it is.
  /// - Precondition: its layout is compatible.
  /// - Throws: what the sink throws.
  public func append(_ row: RowView) throws {
    precondition(row.layout.isCompatible(with: layout), "a row of another layout")
    try append(checked: row.bytes)
  }

  private func append(checked row: UnsafeRawBufferPointer) throws {
    precondition(rowCount < Limits.segmentRowCountMax, "more rows than a segment has")
    if page.count + row.count > pageByteCount, pageRowCount > 0 { try writePage() }
    page.append(row)
    // Of a single longer row the end is never written.
    ends.append(UInt16(truncatingIfNeeded: page.count))
    pageRowCount += 1
    rowCount += 1
  }

  private func writePage() throws {
    ends.truncate(to: ends.count - 2)
    page.append(ends.bytes)
    let (stored, compression) =
      compressor.isActive ? compressor.compress(page.bytes) : (page.bytes, .none)
    try sink.append(stored)
    try withUnsafeBytes(of: crc32c(stored).littleEndian) { try sink.append($0) }
    pages.append(
      RowDirectory.Page(
        rowCount: pageRowCount, rawByteCount: page.count,
        compressedByteCount: compression == .none ? nil : stored.count))
    pagesByteCount += stored.count + SegmentLayout.checksumByteCount
    pageRowCount = 0
    page.removeAll()
    ends.removeAll()
  }

  /// Writes what is left, and the directory. Returns the bytes of both.
  func finish() throws -> (pages: Int, directory: Int) {
    if pageRowCount > 0 { try writePage() }
    let directory = RowDirectory.encode(pages)
    try directory.withUnsafeBytes { try sink.append($0) }
    return (pagesByteCount, directory.count)
  }
}
