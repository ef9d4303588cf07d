import ScanKernels
import StorageBase

/// Parses the chunks of a `FileSource` that it gets hold of. Not thread-safe.
///
/// A batch has exactly `maxRows` rows, whatever the chunks, except the last one, and except that a
/// batch ends early once it has come from as many bytes as the source says.
public final class FileReader: BatchSource {
  public var schema: Schema { source.schema }

  private let source: FileSource
  private let rows: any RowReader
  private var chunk: TextChunk?
  /// Bytes of the chunk whose lines were counted, and how many there were: lines matter only to
  /// rows that are rejected.
  private var countedByteCount = 0
  private var countedLineCount = 0

  init(_ source: FileSource, rows: any RowReader) {
    self.source = source
    self.rows = rows
  }

  /// - Throws: `StorageError.invalidArgument` with file, line, column, value and reason for a
  ///   malformed row, once there were more than the source passes over; the reader must not be
  ///   used after an error.
  public func nextBatch(maxRows: Int) throws -> ColumnBatch? {
    try nextRows(maxRows: maxRows)?.batch
  }

  public func nextRows(maxRows: Int) throws -> InputRows? {
    precondition(maxRows > 0)
    while rows.rowCount < maxRows, rows.byteCount < source.batchByteCountMax {
      if rows.isAtEnd {
        chunk = try source.nextChunk()
        guard let chunk else { break }
        rows.begin(chunk.rows)
        countedByteCount = 0
        countedLineCount = 0
      }
      rows.read(maxRows: maxRows - rows.rowCount)
      for rejected in rows.takeRejected() { try report(rejected) }
    }
    return rows.finish()
  }

  private func report(_ row: UnreadableRow) throws {
    guard let chunk else { preconditionFailure("a row of no chunk") }
    let start = min(row.bytes.lowerBound, chunk.bytes.count)
    let passed = UnsafeRawBufferPointer(rebasing: chunk.bytes[countedByteCount..<start])
    countedLineCount += count(of: CSVDialect.lineFeed, in: passed)
    countedByteCount = start
    let text = chunk.bytes[start..<min(row.bytes.upperBound, chunk.bytes.count)]
    try source.rejected.reject(
      row, line: chunk.firstLine + countedLineCount, byteOffset: chunk.offset + UInt64(start),
      text: UnsafeRawBufferPointer(rebasing: text))
  }
}
