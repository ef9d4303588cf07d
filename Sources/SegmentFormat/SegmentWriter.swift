import ScanKernels
import StorageBase

/// Writes a segment column by column, front to back, so that a merge can stream one column after
/// another. Not thread-safe. After an error the writer and what it wrote are to be thrown away.
public final class SegmentWriter {
  let schema: Schema
  private let options: SegmentOptions
  private let sink: any SegmentSink
  private let encoder: PageEncoder
  private let pruning: PruningWriter
  private lazy var gathered = PageBuffer()
  private let output = ByteBuffer()
  private var flushedByteCount = 0
  private var entries: [SegmentFooter.ColumnEntry] = []
  private var summaries: [SegmentSummary.ColumnSummary] = []
  private var pages: [ColumnDirectory.Page] = []
  private var columnStart = SegmentLayout.magicByteCount
  private var columnRowCount = 0
  private var columnRawByteCount = 0
  private var columnEncodedByteCount = 0
  private var rowCount: Int?
  private var requiredFeatures: UInt32 = 0
  private var dictionaries: [SegmentFooter.Extension] = []
  /// Of blocks whose content is made elsewhere.
  private var foreignExtensions: [SegmentFooter.Extension] = []
  /// Rows of the row store, when there is one.
  var rowStoreRowCount: Int?
  /// Of the primary keys, when there are any.
  var primaryKeyCount: Int?
  private var isFinished = false

  /// Bytes collected before the sink is called.
  private static let flushByteCount = 256 << 10

  /// - Throws: `StorageError.invalidArgument` for options out of range.
  public init(schema: Schema, options: SegmentOptions, sink: any SegmentSink) throws {
    try options.validate(for: schema)
    self.schema = schema
    self.options = options
    self.sink = sink
    pruning = PruningWriter(schema: schema, options: options)
    encoder = PageEncoder(
      compression: options.compression, rowsPerPage: options.rowsPerPage)
    output.append(SegmentLayout.magic)
  }

  /// Appends the next rows of the current column, in any chunks. The caller guarantees that the
  /// rows of all columns are in sort-key order.
  ///
  /// - Precondition: a column is left, and the vector is of its type.
  /// - Throws: `StorageError.schemaMismatch` for a null in a column that has none,
  ///   `limitExceeded` for too many rows or too long strings, and what the sink throws.
  public func append(_ vector: ColumnVector) throws {
    try append(vector, isLast: false)
  }

  /// Writes all rows of the next column and ends it.
  /// - Precondition: no rows of it were appended; and as for `append` and `finishColumn`.
  /// - Throws: as `append` and `finishColumn`.
  public func writeColumn(_ vector: ColumnVector) throws {
    try append(vector, isLast: true)
    try finishColumn()
  }

  private func append(_ vector: ColumnVector, isLast: Bool) throws {
    precondition(entries.count < schema.columns.count, "all columns are finished")
    let column = schema.columns[entries.count]
    precondition(vector.type == column.type, "\(vector.type) rows for column \(column.name)")
    if !column.isNullable, let nulls = vector.nulls, nulls.setCount > 0 {
      throw StorageError.schemaMismatch(
        table: "of the segment", column: column.name, expected: "no nulls",
        found: "\(nulls.setCount)")
    }
    guard vector.count <= Limits.segmentRowCountMax - columnRowCount else {
      throw StorageError.limitExceeded(
        what: "rows of one segment", value: columnRowCount + vector.count,
        limit: Limits.segmentRowCountMax, remedy: "write several segments")
    }
    columnRowCount += vector.count
    try withExtendedLifetime(vector) { try appendRows(vector, isLast: isLast) }
  }

  /// Whole pages are encoded where they lie; the rest is gathered.
  private func appendRows(_ vector: ColumnVector, isLast: Bool) throws {
    var row = 0
    while row < vector.count {
      let missing = options.rowsPerPage - gathered.rowCount
      let end = min(vector.count, row + missing)
      let isPage = end - row == options.rowsPerPage || (isLast && end == vector.count)
      if gathered.rowCount == 0, isPage, let page = PageInput(vector, rows: row..<end) {
        try write(page)
      } else {
        try gathered.append(vector, rows: row..<end)
        if gathered.rowCount == options.rowsPerPage { try writeGathered() }
      }
      row = end
    }
  }

  private func writeGathered() throws {
    try write(gathered.page(type: schema.columns[entries.count].type))
    gathered.removeAll()
  }

  private func write(_ page: PageInput) throws {
    let offset = UInt64(flushedByteCount + output.count)
    let result = try encoder.encode(page, to: output)
    pruning.add(page, column: entries.count, page: pages.count)
    pages.append(
      ColumnDirectory.Page(
        offset: offset, byteCount: result.byteCount, zoneMap: result.zoneMap))
    requiredFeatures |= result.encoding.requiredFeature
    columnRawByteCount += page.valueByteCount
    columnEncodedByteCount += result.encodedByteCount
    if output.count >= Self.flushByteCount { try flush() }
  }

  private func flush() throws {
    try sink.append(output.bytes)
    flushedByteCount += output.count
    output.removeAll()
  }

  /// Ends the current column.
  /// - Precondition: it has as many rows as the columns before it.
  /// - Throws: `StorageError.invalidArgument` for a column without rows.
  public func finishColumn() throws {
    precondition(entries.count < schema.columns.count, "all columns are finished")
    if gathered.rowCount > 0 { try writeGathered() }
    guard let first = pages.first else {
      throw StorageError.invalidArgument(
        name: "segment rows", value: "0", reason: "a segment has at least one row")
    }
    precondition(
      rowCount == nil || rowCount == columnRowCount,
      "column \(entries.count) has \(columnRowCount) rows, those before it \(rowCount ?? 0)")
    rowCount = columnRowCount
    let column = schema.columns[entries.count]
    let pagesEnd = flushedByteCount + output.count
    pruning.finishColumn(entries.count)
    let directory = pages.count > 1 ? ColumnDirectory.encode(pages, for: column) : []
    directory.withUnsafeBytes { output.append($0) }
    let zoneMap = pages.dropFirst().reduce(first.zoneMap) { $0.union($1.zoneMap) }
    entries.append(
      SegmentFooter.ColumnEntry(
        pagesOffset: UInt64(columnStart), pagesByteCount: pagesEnd - columnStart,
        directoryByteCount: directory.count, zoneMap: zoneMap))
    appendDictionary(ofColumn: entries.count - 1)
    let columnEnd = flushedByteCount + output.count
    summaries.append(
      SegmentSummary.ColumnSummary(
        id: column.id, rawByteCount: columnRawByteCount,
        encodedByteCount: columnEncodedByteCount, storedByteCount: columnEnd - columnStart))
    gathered.beginColumn()
    columnStart = columnEnd
    columnRowCount = 0
    columnRawByteCount = 0
    columnEncodedByteCount = 0
    pages.removeAll(keepingCapacity: true)
  }

  /// Appends the dictionary of the column just written, if its pages share one, behind the column:
  /// it is complete only now.
  private func appendDictionary(ofColumn column: Int) {
    guard let block = encoder.finishColumn() else { return }
    let start = flushedByteCount + output.count
    output.append(block.bytes)
    output.append(crc32c(block.bytes))
    dictionaries.append(extensionEntry(.dictionary, ofColumn: column, from: start))
    encoder.canShareDictionary = dictionaries.count < SegmentLayout.dictionaryCountMax
  }

  /// Adds the inverted index of a column, whose bytes mean nothing here: they are kept between
  /// columns, under a checksum.
  ///
  /// - Parameter write: appends the bytes to the sink it is given, which must not be used later.
  /// - Precondition: no column has been begun and not finished; a column has one index at most.
  /// - Throws: what `write` and the sink throw.
  public func appendInvertedIndex(
    ofColumn column: Int, _ write: (any SegmentSink) throws -> Void
  ) throws {
    try appendBetweenColumns { start, sink in
      let block = ChecksummedSink { try sink.append($0) }
      try write(block)
      try withUnsafeBytes(of: block.checksum.littleEndian) { try sink.append($0) }
      return extensionEntry(.invertedIndex, ofColumn: column, from: start)
    }
  }

  /// Lets `write` append bytes that no column has, which begin at the offset it is told, and keeps
  /// the entry it makes for them.
  func appendBetweenColumns(
    _ write: (_ start: Int, any SegmentSink) throws -> SegmentFooter.Extension
  ) throws {
    precondition(pages.isEmpty && gathered.rowCount == 0, "a column is being written")
    let sink = ChecksummedSink { [self] bytes in
      output.append(bytes)
      if output.count >= Self.flushByteCount { try flush() }
    }
    foreignExtensions.append(try write(flushedByteCount + output.count, sink))
    columnStart = flushedByteCount + output.count
  }

  /// The entry of a block of a column that ends here.
  private func extensionEntry(
    _ kind: SegmentExtensions.Kind, ofColumn column: Int, from start: Int
  ) -> SegmentFooter.Extension {
    var entry = ByteWriter()
    entry.appendVarint(UInt64(column))
    entry.appendVarint(UInt64(start))
    entry.appendVarint(UInt64(flushedByteCount + output.count - start))
    return SegmentFooter.Extension(kind: kind.rawValue, bytes: entry.bytes)
  }

  /// Writes the footer and gives the last bytes to the sink.
  /// - Precondition: every column is finished; called once.
  public func finish() throws -> SegmentSummary {
    precondition(!isFinished, "the segment is finished already")
    precondition(
      entries.count == schema.columns.count,
      "\(entries.count) of \(schema.columns.count) columns are finished")
    isFinished = true
    let rows = rowCount ?? 0
    precondition(primaryKeyCount ?? rows == rows, "\(primaryKeyCount ?? 0) keys of \(rows) rows")
    precondition(
      rowStoreRowCount ?? rows == rows,
      "the row store has \(rowStoreRowCount ?? 0) rows, the columns \(rows)")
    var footer = SegmentFooter(
      schema: schema, rowCount: rows, rowsPerPage: options.rowsPerPage, columns: entries)
    footer.extensions =
      dictionaries + foreignExtensions
      + pruning.appendBlocks(to: output, origin: flushedByteCount + output.count)
    footer.encoded(requiredFeatures: requiredFeatures).withUnsafeBytes { output.append($0) }
    try flush()
    return SegmentSummary(
      rowCount: rows, byteCount: flushedByteCount,
      rawByteCount: summaries.reduce(0) { $0 + $1.rawByteCount }, columns: summaries)
  }
}

extension SegmentWriter {
  /// The whole segment of these rows, which are in sort-key order.
  /// - Parameter afterColumn: called with the position of each column once it is finished, and may
  ///   add an index of it.
  /// - Throws: as `append` and `finishColumn`, and what `afterColumn` throws.
  public static func encode(
    _ batch: ColumnBatch, options: SegmentOptions,
    afterColumn: (_ column: Int, SegmentWriter) throws -> Void = { _, _ in }
  ) throws -> (bytes: [UInt8], summary: SegmentSummary) {
    let sink = MemorySink()
    let writer = try SegmentWriter(schema: batch.schema, options: options, sink: sink)
    for (index, column) in batch.columns.enumerated() {
      try writer.writeColumn(column)
      try afterColumn(index, writer)
    }
    let summary = try writer.finish()
    return (sink.bytes, summary)
  }
}
