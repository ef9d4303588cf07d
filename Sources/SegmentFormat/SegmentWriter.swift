import ScanKernels
import StorageBase

/// What was written.
public struct SegmentSummary: Hashable, Sendable {
  public let rowCount: Int
  /// Of the whole segment.
  public let byteCount: Int
  /// Of the values in memory, unencoded.
  public let rawByteCount: Int
  /// Stored bytes by column, directories included, in schema order.
  public let columnByteCounts: [Int]
}

/// Writes a segment front to back, one column after the other, so that a vertical merge can
/// stream. Memory: one page of one column, and a directory entry per page. Not thread-safe.
///
///     let writer = try SegmentWriter(schema: schema, options: SegmentOptions(), sink: sink)
///     for column in batch.columns {
///       try writer.append(column)
///       try writer.finishColumn()
///     }
///     let summary = try writer.finish()
public final class SegmentWriter {
  private let schema: Schema
  private let options: SegmentOptions
  private let sink: any SegmentSink
  private let encoder = PageEncoder()
  private let compressor: PageCompressor
  private let buffer = PageBuffer()
  /// Of all columns, as long as it is known: nil before the first has ended.
  private var rowCount: Int?
  private var entries: [SegmentFooter.ColumnEntry] = []
  private var offset = UInt64(SegmentLayout.magicByteCount)
  private var rawByteCount = 0

  // Of the column being written.
  private var pagesOffset: UInt64
  private var columnRowCount = 0
  private var pages: [(byteCount: Int, zone: ZoneMapBuilder)] = []

  /// - Throws: `StorageError.invalidArgument` for options out of range, and what the sink throws.
  public init(schema: Schema, options: SegmentOptions, sink: any SegmentSink) throws {
    try options.validate()
    self.schema = schema
    self.options = options
    self.sink = sink
    compressor = PageCompressor(options.compression)
    pagesOffset = offset
    var magic = ByteWriter()
    magic.append(SegmentLayout.magic)
    try magic.bytes.withUnsafeBytes { try sink.append($0) }
  }

  /// The next rows of the current column, which must come in key order.
  /// - Precondition: the vector is of the column's type, and without nulls unless it is nullable.
  /// - Throws: what the sink throws, and `StorageError.limitExceeded` for too many rows or bytes.
  public func append(_ vector: ColumnVector) throws {
    precondition(entries.count < schema.columns.count, "all columns have been written")
    let column = schema.columns[entries.count]
    precondition(vector.type == column.type, "a vector of \(vector.type) for \(column.type)")
    precondition(column.isNullable || vector.nulls == nil, "nulls in column \(column.name)")
    var row = 0
    while row < vector.count {
      let room = options.rowsPerPage - buffer.rowCount
      let end = min(vector.count, row + room)
      // A whole page that lies ready in memory is encoded where it is.
      if buffer.rowCount == 0, end - row == options.rowsPerPage,
        let page = PageInput(vector, rows: row..<end)
      {
        try write(page)
      } else {
        try buffer.append(vector, rows: row..<end)
        if buffer.rowCount == options.rowsPerPage { try writeBuffer() }
      }
      row = end
    }
    columnRowCount += vector.count
    guard columnRowCount <= Limits.segmentRowCountMax else {
      throw StorageError.limitExceeded(
        what: "rows of one segment", value: columnRowCount, limit: Limits.segmentRowCountMax,
        remedy: "begin another segment")
    }
  }

  private func writeBuffer() throws {
    try write(buffer.page(type: schema.columns[entries.count].type))
    buffer.removeAll()
  }

  private func write(_ page: PageInput) throws {
    rawByteCount += page.valueByteCount
    let payload = try encoder.encode(page)
    let stored = compressor.compress(payload.bytes)
    let header = PageHeader(
      encoding: payload.encoding, compression: stored.method, hasNulls: page.nulls != nil,
      rowCount: page.rowCount, rawByteCount: payload.bytes.count
    ).encoded()
    let checksum = crc32c(stored.bytes, seed: header.withUnsafeBytes { crc32c($0) })
    var beginning = ByteWriter()
    beginning.append(checksum)
    beginning.append(contentsOf: header)
    try beginning.bytes.withUnsafeBytes { try sink.append($0) }
    try sink.append(stored.bytes)
    let byteCount = beginning.count + stored.bytes.count
    offset += UInt64(byteCount)
    pages.append((byteCount, ZoneMapBuilder(page)))
  }

  /// Ends the current column; the next rows are the next column's.
  /// - Precondition: the column has as many rows as those before it, and at least one.
  public func finishColumn() throws {
    if buffer.rowCount > 0 { try writeBuffer() }
    precondition(columnRowCount > 0, "a segment has at least one row")
    precondition(
      rowCount.map { $0 == columnRowCount } ?? true, "columns of different row counts")
    rowCount = columnRowCount
    let column = schema.columns[entries.count]
    var zone = ZoneMapBuilder()
    for page in pages { zone.merge(page.zone) }
    let pagesByteCount = Int(offset - pagesOffset)
    let directory = pages.count > 1 ? encodeDirectory(column) : []
    try directory.withUnsafeBytes { if !$0.isEmpty { try sink.append($0) } }
    entries.append(
      SegmentFooter.ColumnEntry(
        pagesOffset: pagesOffset, pagesByteCount: pagesByteCount,
        directoryByteCount: directory.count, zoneMap: zone.zoneMap))
    offset += UInt64(directory.count)
    pagesOffset = offset
    columnRowCount = 0
    pages.removeAll(keepingCapacity: true)
  }

  private func encodeDirectory(_ column: Column) -> [UInt8] {
    var writer = ByteWriter()
    for page in pages {
      writer.appendVarint(UInt64(page.byteCount))
      page.zone.zoneMap.encode(into: &writer, column: column)
    }
    writer.appendChecksum()
    return writer.bytes
  }

  /// Writes the footer. The sink then holds a whole segment.
  /// - Precondition: every column has been finished.
  public func finish() throws -> SegmentSummary {
    guard entries.count == schema.columns.count, let rowCount else {
      preconditionFailure("\(entries.count) of \(schema.columns.count) columns were finished")
    }
    let footer = SegmentFooter(
      rowCount: rowCount, rowsPerPage: options.rowsPerPage, schema: schema, columns: entries)
    let bytes = footer.encoded()
    try bytes.withUnsafeBytes { try sink.append($0) }
    return SegmentSummary(
      rowCount: rowCount, byteCount: Int(offset) + bytes.count, rawByteCount: rawByteCount,
      columnByteCounts: entries.map { $0.pagesByteCount + $0.directoryByteCount })
  }
}

extension SegmentWriter {
  /// A batch, whose rows are in key order, as a segment in memory.
  public static func encode(
    _ batch: ColumnBatch, options: SegmentOptions
  ) throws -> (bytes: [UInt8], summary: SegmentSummary) {
    let sink = MemorySink()
    let writer = try SegmentWriter(schema: batch.schema, options: options, sink: sink)
    for column in batch.columns {
      try writer.append(column)
      try writer.finishColumn()
    }
    let summary = try writer.finish()
    return (sink.bytes, summary)
  }
}
