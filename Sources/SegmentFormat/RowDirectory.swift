import ScanKernels
import StorageBase

/// Where the pages of a row store lie and which rows they hold.
struct RowDirectory: Sendable {
  /// What a writer keeps of a page.
  struct Page {
    var rowCount: Int
    var rawByteCount: Int
    /// Without the checksum; nil when the page is not compressed.
    var compressedByteCount: Int?
  }

  /// One more than there are pages, ascending: first rows, and offsets in the file.
  let firstRows: [UInt32]
  let offsets: [UInt64]
  /// By page: bytes before compression, and whether they were compressed.
  let rawByteCounts: [UInt32]
  let isCompressed: [Bool]
  /// By `row >> shift`: the page of the first of those rows. As many entries as pages, about, so
  /// that few pages are left to search, whatever their sizes.
  private let guide: [UInt32]
  private let shift: Int

  var pageCount: Int { rawByteCounts.count }

  /// Rows in a page of more than one have less than 2^16 bytes.
  static let rowsByteCountMax = 65_535

  /// The page of a row: constant time for rows of similar lengths, logarithmic at worst.
  /// - Precondition: the row exists.
  @inline(__always)
  func page(of row: Int) -> Int {
    let place = row &>> shift
    var low = Int(guide[place])
    var high = Int(guide[place &+ 1])
    while low < high {
      let middle = (low &+ high &+ 1) / 2
      if Int(firstRows[middle]) <= row { low = middle } else { high = middle &- 1 }
    }
    return low
  }

  static func encode(_ pages: [Page]) -> [UInt8] {
    var writer = ByteWriter()
    for page in pages {
      writer.appendVarint(UInt64(page.rowCount))
      writer.appendVarint(UInt64(page.rawByteCount))
      writer.appendVarint(UInt64(page.compressedByteCount ?? 0))
    }
    writer.appendChecksum()
    return writer.bytes
  }

  /// - Parameter bytes: without the checksum, which was right.
  init(
    decoding bytes: UnsafeRawBufferPointer, _ entry: RowStoreEntry, rowCount: Int, file: String
  ) throws {
    var reader = ByteReader(bytes, file: file, origin: entry.directory.offset)
    var (firstRows, offsets): ([UInt32], [UInt64]) = ([0], [entry.pagesOffset])
    var (rawByteCounts, isCompressed): ([UInt32], [Bool]) = ([], [])
    var (rows, offset) = (0, entry.pagesOffset)
    let end = entry.pagesOffset + UInt64(entry.pagesByteCount)
    while reader.remaining > 0 {
      let page = try Self.readPage(&reader, entry, rowsLeft: rowCount - rows)
      rows += page.rowCount
      let stored = page.compressedByteCount ?? page.rawByteCount
      offset += UInt64(stored + SegmentLayout.checksumByteCount)
      guard offset <= end else {
        throw reader.corrupt("row store pages", expected: "\(end)", found: "\(offset)")
      }
      firstRows.append(UInt32(rows))
      offsets.append(offset)
      rawByteCounts.append(UInt32(page.rawByteCount))
      isCompressed.append(page.compressedByteCount != nil)
    }
    guard rows == rowCount, offset == end else {
      throw reader.corrupt(
        "row store directory", expected: "\(rowCount) rows, pages up to \(end)",
        found: "\(rows), \(offset)")
    }
    (self.firstRows, self.offsets) = (firstRows, offsets)
    (self.rawByteCounts, self.isCompressed) = (rawByteCounts, isCompressed)
    (guide, shift) = Self.makeGuide(firstRows)
  }

  private static func readPage(
    _ reader: inout ByteReader, _ entry: RowStoreEntry, rowsLeft: Int
  ) throws -> Page {
    let rows = try reader.readCount("rows of a row store page", atMost: rowsLeft)
    let raw = try reader.readCount("row store page length", atMost: Limits.pageByteCountMax)
    let stored = try reader.readCount("stored row store page length", atMost: entry.pagesByteCount)
    // Between two rows stands where the first of them ends.
    let rowsByteCount = raw - 2 * (rows - 1)
    guard rows > 0, rowsByteCount >= rows, rows == 1 || rowsByteCount <= rowsByteCountMax else {
      throw reader.corrupt(
        "row store page length", expected: "that of \(rows) rows", found: "\(raw)")
    }
    guard stored == 0 || (entry.compression != .none && stored < raw) else {
      throw reader.corrupt(
        "stored row store page length", expected: "less than \(raw), of compressed pages",
        found: "\(stored)")
    }
    return Page(
      rowCount: rows, rawByteCount: raw, compressedByteCount: stored > 0 ? stored : nil)
  }

  private static func makeGuide(_ firstRows: [UInt32]) -> (guide: [UInt32], shift: Int) {
    let rowCount = Int(firstRows[firstRows.count - 1])
    var shift = 0
    while rowCount >> shift > firstRows.count { shift += 1 }
    var guide: [UInt32] = []
    var page = 0
    for row in stride(from: 0, to: rowCount, by: 1 << shift) {
      while Int(firstRows[page + 1]) <= row { page += 1 }
      guide.append(UInt32(page))
    }
    guide.append(UInt32(firstRows.count - 2))
    return (guide, shift)
  }
}
