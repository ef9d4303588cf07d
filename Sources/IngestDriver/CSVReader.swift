import ScanKernels
import StorageBase

/// Parses the chunks of a `CSVSource` that it gets hold of. Not thread-safe.
///
/// A batch has exactly `maxRows` rows, whatever the chunks, except the last one, and except that a
/// batch ends early once it has come from as many bytes as the source says.
///
/// Rows are read in blocks, column by column (`CSVBlock`). Where a block is not of the plain form,
/// its rows are read field by field: this way is slower, and the one that knows what is wrong.
public final class CSVReader: BatchSource {
  public var schema: Schema { source.schema }

  private let source: CSVSource
  private let nullToken: [UInt8]
  private let builders: [ColumnBuilder]
  private let block: CSVBlock
  private var chunk: CSVChunk?
  private var scanner: CSVFieldScanner
  /// Up to where in the chunk rows are read one by one, because a block had something amiss.
  private var singleRowsEnd = 0
  private var line = 0
  /// Rows begun in the builders, and which of them were malformed and must not come out.
  private var rowCount = 0
  private var rejectedRows: [Int] = []
  private var batchByteCount = 0

  init(_ source: CSVSource) {
    self.source = source
    nullToken = Array(source.dialect.nullToken.utf8)
    builders = source.columns.map { ColumnBuilder(type: $0.type, capacity: 1024) }
    block = CSVBlock(source, nullToken: nullToken)
    scanner = CSVFieldScanner(
      UnsafeRawBufferPointer(start: nil, count: 0), dialect: source.dialect)
  }

  /// - Throws: `StorageError.invalidArgument` with file, line, column, value and reason for a
  ///   malformed row, once there were more than the source passes over; the reader must not be
  ///   used after an error.
  public func nextBatch(maxRows: Int) throws -> ColumnBatch? {
    precondition(maxRows > 0)
    // A local one is free of the exclusivity checks that a class's property has at every field.
    var scanner = scanner
    defer { self.scanner = scanner }
    while rowCount - rejectedRows.count < maxRows, batchByteCount < source.batchByteCountMax {
      if scanner.isAtEnd {
        chunk = try source.nextChunk()
        guard let chunk else { break }
        scanner = CSVFieldScanner(chunk.bytes, dialect: source.dialect)
        line = chunk.firstLine
        singleRowsEnd = 0
      }
      let missing = maxRows - (rowCount - rejectedRows.count)
      if !readBlock(&scanner, maxRows: missing) { try readRow(&scanner) }
    }
    return finishBatch()
  }

  /// Reads up to `maxRows` rows at once; false when the next is to be read by itself.
  private func readBlock(_ scanner: inout CSVFieldScanner, maxRows: Int) -> Bool {
    guard scanner.position >= singleRowsEnd else { return false }
    switch block.read(scanner.rest, maxRows: maxRows, into: builders) {
    case .rows(let count, let byteCount, let lineCount):
      scanner.pass(byteCount)
      rowCount += count
      line += lineCount
      batchByteCount += byteCount
      return true
    case .unread(let byteCount):
      singleRowsEnd = scanner.position + byteCount
      return false
    }
  }

  private func readRow(_ scanner: inout CSVFieldScanner) throws {
    // In a file of one column an empty line is an empty field.
    if source.columnOfField.count > 1, scanner.skipEmptyLine() {
      line += 1
      return
    }
    let start = scanner.position
    scanner.startRow()
    do throws(RowProblem) {
      try readFields(&scanner)
    } catch {
      scanner.skipRow(from: start)
      try reject(error)
    }
    rowCount += 1
    line += scanner.embeddedLineCount + 1
    batchByteCount += scanner.position - start
  }

  private func readFields(_ scanner: inout CSVFieldScanner) throws(RowProblem) {
    let fieldCount = source.columnOfField.count
    for index in 0..<fieldCount {
      let field = scanner.nextField()
      let column = source.columnOfField[index]
      if column >= 0 { try append(field, to: column) }
      let isLast = index == fieldCount - 1 && !source.dialect.hasTrailingDelimiter
      guard field.end == (isLast ? .row : .delimiter) else {
        throw problem(field, index: index)
      }
    }
    if source.dialect.hasTrailingDelimiter {
      let field = scanner.nextField()
      guard field.end == .row, field.bytes.isEmpty else {
        throw problem(field, index: fieldCount)
      }
    }
  }

  @inline(__always) private func append(
    _ field: CSVFieldScanner.Field, to index: Int
  ) throws(RowProblem) {
    // What a malformed field holds is not its value, and the row is refused for another reason.
    guard field.end == .delimiter || field.end == .row else { return }
    let column = source.columns[index]
    if column.isNullable, !field.isQuoted, isNull(field.bytes) {
      builders[index].appendNull()
      return
    }
    do throws(FieldProblem) {
      try column.append(field.bytes, to: builders[index])
    } catch {
      let reason = error.reason(for: column.type)
      throw RowProblem(
        reason: reason, column: schema.columns[index].name, value: CSVProblem.shown(field.bytes))
    }
  }

  @inline(__always) private func isNull(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count == nullToken.count && (bytes.isEmpty || bytes.elementsEqual(nullToken))
  }

  /// What is wrong with a row whose field number `index` ends in the wrong way.
  private func problem(_ field: CSVFieldScanner.Field, index: Int) -> RowProblem {
    switch field.end {
    case .strayQuote, .textAfterQuote, .unclosedQuote:
      return RowProblem(
        reason: "field \(index + 1) has " + field.end.reason, column: nil,
        value: CSVProblem.shown(field.bytes))
    case .row:
      let count = source.columnOfField.count
      let reason =
        source.dialect.hasTrailingDelimiter && index + 1 == count
        ? "the delimiter at its end is missing" : "\(count) fields expected, it has \(index + 1)"
      return RowProblem(reason: reason, column: nil, value: nil)
    case .delimiter:
      return RowProblem(
        reason: "\(source.columnOfField.count) fields expected, it has more", column: nil,
        value: nil)
    }
  }

  /// Makes the columns of a malformed row equally long again, to be dropped in `finishBatch`.
  private func reject(_ problem: RowProblem) throws {
    try source.reject(
      line: line, column: problem.column, value: problem.value, reason: problem.reason)
    for builder in builders where builder.count == rowCount { builder.appendNull() }
    rejectedRows.append(rowCount)
  }

  private func finishBatch() -> ColumnBatch? {
    let keptCount = rowCount - rejectedRows.count
    let vectors = builders.map { $0.finish() }
    let rejected = rejectedRows
    let allCount = rowCount
    rowCount = 0
    rejectedRows.removeAll(keepingCapacity: true)
    batchByteCount = 0
    guard keptCount > 0 else { return nil }
    let columns =
      rejected.isEmpty
      ? vectors : vectors.map { Self.dropping(rejected, of: allCount, from: $0) }
    return ColumnBatch(schema: schema, rowCount: keptCount, columns: columns)
  }

  /// `vector` without some of its rows, which are ascending.
  private static func dropping(
    _ rejected: [Int], of count: Int, from vector: ColumnVector
  ) -> ColumnVector {
    let builder = ColumnBuilder(type: vector.type, capacity: count)
    var start = 0
    for row in rejected + [count] {
      if start < row { builder.append(vector, rows: start..<row) }
      start = row + 1
    }
    return builder.finish()
  }
}

/// Why a row is refused, without its place.
private struct RowProblem: Error {
  let reason: String
  let column: String?
  let value: String?
}
