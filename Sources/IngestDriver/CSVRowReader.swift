import ScanKernels
import StorageBase

/// Parses delimited text. Not thread-safe.
///
/// Rows are read in blocks, column by column (`CSVBlock`). Where a block is not of the plain form,
/// its rows are read field by field: this way is slower, and the one that knows what is wrong.
final class CSVRowReader: RowReader {
  private let layout: CSVLayout
  private let nullToken: [UInt8]
  private let builders: [ColumnBuilder]
  private let block: CSVBlock
  private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
  private var scanner: CSVFieldScanner
  /// Up to where in the bytes rows are read one by one, because a block had something amiss.
  private var singleRowsEnd = 0
  /// Rows begun in the builders, and which of them were malformed and must not come out.
  private var begunRowCount = 0
  private var rejectedRows: [Int] = []
  private var rejections: [UnreadableRow] = []
  private(set) var byteCount = 0

  init(_ layout: CSVLayout) {
    self.layout = layout
    nullToken = Array(layout.dialect.nullToken.utf8)
    builders = layout.columns.map { ColumnBuilder(type: $0.type, capacity: 1024) }
    block = CSVBlock(layout, nullToken: nullToken)
    scanner = CSVFieldScanner(bytes, dialect: layout.dialect)
  }

  var rowCount: Int { begunRowCount - rejectedRows.count }

  var isAtEnd: Bool { scanner.isAtEnd }

  func begin(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    scanner = CSVFieldScanner(bytes, dialect: layout.dialect)
    singleRowsEnd = 0
  }

  func read(maxRows: Int) {
    precondition(maxRows > 0)
    // A local one is free of the exclusivity checks that a class's property has at every field.
    var scanner = scanner
    defer { self.scanner = scanner }
    if !readBlock(&scanner, maxRows: maxRows) { readRow(&scanner) }
  }

  func takeRejected() -> [UnreadableRow] {
    guard !rejections.isEmpty else { return [] }
    defer { rejections.removeAll() }
    return rejections
  }

  /// Reads up to `maxRows` rows at once; false when the next is to be read by itself.
  private func readBlock(_ scanner: inout CSVFieldScanner, maxRows: Int) -> Bool {
    guard scanner.position >= singleRowsEnd else { return false }
    switch block.read(scanner.rest, maxRows: maxRows, into: builders) {
    case .rows(let count, let byteCount, _):
      scanner.pass(byteCount)
      begunRowCount += count
      self.byteCount += byteCount
      return true
    case .unread(let byteCount):
      singleRowsEnd = scanner.position + byteCount
      return false
    }
  }

  private func readRow(_ scanner: inout CSVFieldScanner) {
    // In a file of one column an empty line is an empty field.
    if layout.columnOfField.count > 1, scanner.skipEmptyLine() { return }
    let start = scanner.position
    scanner.startRow()
    do throws(RowFault) {
      try readFields(&scanner)
    } catch {
      scanner.skipRow(from: start)
      reject(error, start..<scanner.position)
    }
    begunRowCount += 1
    byteCount += scanner.position - start
  }

  private func readFields(_ scanner: inout CSVFieldScanner) throws(RowFault) {
    let fieldCount = layout.columnOfField.count
    for index in 0..<fieldCount {
      let field = scanner.nextField()
      let column = layout.columnOfField[index]
      if column >= 0 { try append(field, to: column) }
      let isLast = index == fieldCount - 1 && !layout.dialect.hasTrailingDelimiter
      guard field.end == (isLast ? .row : .delimiter) else {
        throw problem(field, index: index)
      }
    }
    if layout.dialect.hasTrailingDelimiter {
      let field = scanner.nextField()
      guard field.end == .row, field.bytes.isEmpty else {
        throw problem(field, index: fieldCount)
      }
    }
  }

  @inline(__always) private func append(
    _ field: CSVFieldScanner.Field, to index: Int
  ) throws(RowFault) {
    // What a malformed field holds is not its value, and the row is refused for another reason.
    guard field.end == .delimiter || field.end == .row else { return }
    let column = layout.columns[index]
    if column.isNullable, !field.isQuoted, isNull(field.bytes) {
      builders[index].appendNull()
      return
    }
    do throws(TextProblem) {
      try column.append(field.bytes, to: builders[index])
    } catch {
      let reason = error.reason(for: column.type)
      throw RowFault(
        reason: reason, column: layout.schema.columns[index].name,
        value: RowProblem.shown(field.bytes))
    }
  }

  @inline(__always) private func isNull(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count == nullToken.count && (bytes.isEmpty || bytes.elementsEqual(nullToken))
  }

  /// What is wrong with a row whose field number `index` ends in the wrong way.
  private func problem(_ field: CSVFieldScanner.Field, index: Int) -> RowFault {
    switch field.end {
    case .strayQuote, .textAfterQuote, .unclosedQuote:
      return RowFault(
        reason: "field \(index + 1) has " + field.end.reason, column: nil,
        value: RowProblem.shown(field.bytes))
    case .row:
      let count = layout.columnOfField.count
      let reason =
        layout.dialect.hasTrailingDelimiter && index + 1 == count
        ? "the delimiter at its end is missing" : "\(count) fields expected, it has \(index + 1)"
      return RowFault(reason: reason, column: nil, value: nil)
    case .delimiter:
      return RowFault(
        reason: "\(layout.columnOfField.count) fields expected, it has more", column: nil,
        value: nil)
    }
  }

  /// Makes the columns of a malformed row equally long again, to be dropped in `finish`.
  private func reject(_ fault: RowFault, _ row: Range<Int>) {
    var end = row.upperBound
    if end > row.lowerBound, bytes[end - 1] == CSVDialect.lineFeed { end -= 1 }
    if end > row.lowerBound, bytes[end - 1] == CSVDialect.carriageReturn { end -= 1 }
    rejections.append(fault.rejection(of: row.lowerBound..<end))
    for builder in builders where builder.count == begunRowCount { builder.appendNull() }
    rejectedRows.append(begunRowCount)
  }

  func finish() -> InputRows? {
    let keptCount = rowCount
    let vectors = builders.map { $0.finish() }
    let rejected = rejectedRows
    begunRowCount = 0
    rejectedRows.removeAll(keepingCapacity: true)
    byteCount = 0
    guard keptCount > 0 else { return nil }
    let columns = rejected.isEmpty ? vectors : vectors.map { $0.dropping(rejected) }
    return InputRows(ColumnBatch(schema: layout.schema, rowCount: keptCount, columns: columns))
  }
}
