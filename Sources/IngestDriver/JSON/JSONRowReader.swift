import ScanKernels
import StorageBase

/// Parses a JSON object on each line. Not thread-safe; its memory is reused.
///
/// Rows are read in blocks, which are copied first, so that there is room for strings without their
/// escapes and a line feed at the end. One walk notes where the values of some hundreds of rows lie
/// (`JSONCapture`); then they are parsed column by column, like the fields of delimited text
/// (`JSONColumns`). Linear in the bytes, nothing allocated per block.
final class JSONRowReader: RowReader {
  private static let blockByteCountMax = 64 << 10
  /// Of the shortest row, with its line end.
  private static let rowByteCountMin = 3
  /// Room after the block: what names are compared by at a time.
  private static let padding = 8

  private let tree: JSONPathTree
  private let columns: JSONColumns
  private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
  private var buffer = AlignedBuffer(byteCount: 0)
  /// The block is `bytes[blockStart..<blockEnd]`; in the buffer it has a line feed at its end.
  private var blockStart = 0
  private var blockEnd = 0
  private var blockByteCount = 0
  private var blockIsText = true
  /// Of the next row in the buffer.
  private var place = 0
  private let rowStarts: AlignedBuffer
  private var rejections: [UnreadableRow] = []
  private(set) var byteCount = 0

  init(_ layout: JSONLayout) {
    tree = JSONPathTree(layout.paths)
    columns = JSONColumns(layout)
    rowStarts = AlignedBuffer(byteCount: columns.rowCountMax * 4)
  }

  var rowCount: Int { columns.keptRowCount }

  var isAtEnd: Bool { place == blockByteCount && blockEnd == bytes.count }

  func begin(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    (blockStart, blockEnd, blockByteCount, place) = (0, 0, 0, 0)
  }

  func read(maxRows: Int) {
    precondition(maxRows > 0)
    if place == blockByteCount { copyBlock() }
    let start = place
    let possible = (blockByteCount - place) / Self.rowByteCountMin + 1
    readRows(min(maxRows, columns.rowCountMax, possible))
    byteCount += place - start
  }

  func takeRejected() -> [UnreadableRow] {
    guard !rejections.isEmpty else { return [] }
    defer { rejections.removeAll() }
    return rejections
  }

  func finish() -> InputRows? {
    byteCount = 0
    return columns.finish()
  }

  /// Takes the whole rows that follow, up to 64 KiB, or one that is longer.
  private func copyBlock() {
    blockStart = blockEnd
    let rest = UnsafeRawBufferPointer(rebasing: bytes[blockStart...])
    var length = min(rest.count, Self.blockByteCountMax)
    if length < rest.count {
      let window = UnsafeRawBufferPointer(rebasing: rest[..<length])
      length =
        wholeRowByteCount(of: window, quote: nil)
        ?? rest[length...].firstIndex(of: CSVDialect.lineFeed).map { $0 + 1 } ?? rest.count
    }
    let needed = 2 * (length + Self.padding) + ColumnBuilder.copySlack
    if buffer.byteCount < needed { buffer = AlignedBuffer(byteCount: needed) }
    let target = buffer.mutableBytes
    let block = UnsafeRawBufferPointer(rebasing: rest[..<length])
    target.copyMemory(from: block)
    blockEnd += length
    blockByteCount = length
    if block.last != CSVDialect.lineFeed {
      target[length] = CSVDialect.lineFeed
      blockByteCount += 1
    }
    place = 0
    blockIsText = ValueText.isASCII(block) || ValueText.isUTF8(block)
  }

  private func readRows(_ wanted: Int) {
    let text = buffer.mutableBytes.assumingMemoryBound(to: UInt8.self).baseAddress!
    let starts = rowStarts.mutableValues(as: UInt32.self)
    columns.clear(rowCount: wanted)
    var capture = JSONCapture(
      tree: tree.table, targets: columns.targets, buffer: text,
      scanner: JSONScanner(base: text, place: place), textEnd: blockByteCount + Self.padding)
    while capture.row < wanted, capture.scanner.place < blockByteCount {
      capture.scanner.skipSpace()
      if capture.scanner.take(CSVDialect.lineFeed) { continue }
      let start = capture.scanner.place
      starts[capture.row] = UInt32(truncatingIfNeeded: start)
      do throws(JSONTextFault) {
        try capture.readRow()
        capture.scanner.place &+= 1
        capture.row &+= 1
      } catch {
        capture.clear(columnCount: columns.count)
        reject(error, start: start, &capture.scanner)
      }
    }
    place = capture.scanner.place
    let faults = columns.append(rowCount: capture.row, text: text, isValidText: blockIsText)
    guard !faults.isEmpty else { return }
    for (row, fault) in faults {
      rejections.append(fault.rejection(of: range(from: Int(starts[row]))))
    }
    rejections.sort { $0.bytes.lowerBound < $1.bytes.lowerBound }
  }

  private func reject(_ fault: JSONTextFault, start: Int, _ scanner: inout JSONScanner) {
    let row = range(from: start)
    scanner.place = row.upperBound - blockStart
    while scanner.next != CSVDialect.lineFeed { scanner.place &+= 1 }
    scanner.place &+= 1
    rejections.append(
      UnreadableRow(
        bytes: row, column: nil, value: nil,
        reason: "no JSON object: expected \(fault.expected) at byte \(fault.place - start) of it"))
  }

  /// The row that begins at `start` in the buffer, as a part of `bytes`, without its line end.
  private func range(from start: Int) -> Range<Int> {
    let text = buffer.bytes
    var end = start
    while text[end] != CSVDialect.lineFeed { end += 1 }
    if end > start, text[end - 1] == CSVDialect.carriageReturn { end -= 1 }
    return blockStart + start..<blockStart + end
  }
}
