import ScanKernels
import StorageBase
import StorageIO
import Synchronization

/// Reads a segment. Opening it touches the footer only; directories are loaded when a column of
/// several pages is first used. Thread-safe.
///
/// A file with a mapping is read without copying and a page's checksum is verified the first time
/// it is touched; otherwise pages are read from the file, and verified, each time.
public final class SegmentReader: Sendable {
  public let rowCount: Int
  public let rowsPerPage: Int
  public let pageCount: Int
  /// As it was written, with column ids, nullability and sort key.
  public let schema: Schema
  /// Bytes of the file.
  public let byteCount: Int
  let file: any ReadableFile
  let columns: [SegmentFooter.ColumnEntry]
  /// Where the footer begins.
  let dataEnd: UInt64
  let hasExtensions: Bool
  let extensions: SegmentExtensions
  let pruning = PruningCache()
  let decoder: PageDecoder
  private let directories: Mutex<[ColumnDirectory?]>
  private let dictionaries = Mutex<[Int: StringTable]>([:])
  private let verified: VerifiedPages
  let openedRowStore = Mutex<RowStoreReader?>(nil)
  /// Where pages are kept for queries; nil for nowhere.
  let pageCache: ColumnPageCache?
  /// The name of the segment in caches.
  public let identity: UInt64
  let memory: ReaderMemory

  public var path: String { file.path }

  /// Reads and checks the trailer and the footer.
  /// - Parameters:
  ///   - pageCache: keeps pages that queries have decoded; nil for none.
  ///   - identity: the one of an earlier reader of the same segment, to find what caches keep.
  ///   - onGrowth: called whenever `memoryByteCount` has grown; must not use the reader.
  /// - Throws: `StorageError.corrupt`, `unsupportedFormat`, or what the file throws.
  public init(
    file: any ReadableFile, pageCache: ColumnPageCache? = nil,
    identity: UInt64 = SegmentReader.newIdentity(), onGrowth: (@Sendable () -> Void)? = nil
  ) throws {
    self.pageCache = pageCache
    self.identity = identity
    let (footer, dataEnd) = try SegmentReader.readFooter(file)
    self.file = file
    self.dataEnd = dataEnd
    rowCount = footer.rowCount
    rowsPerPage = footer.rowsPerPage
    pageCount = footer.pageCount
    schema = footer.schema
    columns = footer.columns
    extensions = try SegmentExtensions(
      footer.extensions, columnCount: footer.columns.count, file: file.path, dataEnd: dataEnd)
    hasExtensions = !footer.extensions.isEmpty
    byteCount = Int(file.byteCount)
    decoder = PageDecoder(decompressor: PageDecompressor(), file: file.path)
    directories = Mutex([ColumnDirectory?](repeating: nil, count: footer.columns.count))
    verified = VerifiedPages(pageCount: footer.pageCount * footer.columns.count)
    memory = ReaderMemory(footer, onGrowth: onGrowth)
  }

  /// The rows of a page: the same for all columns.
  /// - Precondition: `page` is in `0..<pageCount`.
  public func rowRange(ofPage page: Int) -> Range<Int> {
    precondition((0..<pageCount).contains(page), "page \(page) is outside 0..<\(pageCount)")
    return page * rowsPerPage..<min(rowCount, (page + 1) * rowsPerPage)
  }

  /// Bounds of a column over the whole segment.
  public func zoneMap(column: Int) -> ZoneMap { columns[column].zoneMap }

  /// Bounds of a column over one page; loads the column's directory the first time.
  /// - Throws: `StorageError.corrupt` for a bad directory, or what the file throws.
  public func zoneMap(column: Int, page: Int) throws -> ZoneMap {
    try location(column: column, page: page).zoneMap
  }

  /// The rows of one page of one column, decoded. Adds what was done to `work`.
  /// - Parameter form: `narrow` for callers that take offsets and codes of one byte, where the page
  ///   has them.
  /// - Parameter rows: only these rows of the page, in this order; nil for all.
  /// - Precondition: each of `rows` is below the page's row count.
  /// - Throws: `StorageError.corrupt` with the place and both checksums, or what the file throws.
  public func readPage(
    column: Int, page: Int, form: VectorForm = .wide, rows: [UInt32]? = nil,
    work: inout PageWork
  ) throws -> ColumnVector {
    let (offset, byteCount) = try extent(column: column, page: page)
    return try withBytes(at: offset, count: byteCount) { bytes, isMapped in
      let index = column * pageCount + page
      if !isMapped || !verified.contains(index) {
        try verifyChecksum(bytes, offset: offset)
        verified.insert(index)
      }
      let (header, vector) = try decodePage(
        bytes, offset: offset, column: column, rowCount: rowRange(ofPage: page).count, form: form,
        rows: rows)
      work.pages += 1
      work.bytesStored += bytes.count
      work.bytesDecoded += header.rawByteCount
      work.rows += header.rowCount
      return vector
    }
  }

  func verifyChecksum(_ page: UnsafeRawBufferPointer, offset: UInt64) throws {
    var reader = ByteReader(page, file: path, origin: offset)
    let stored = try reader.read(UInt32.self, "page checksum")
    let actual = crc32c(UnsafeRawBufferPointer(rebasing: page[reader.position...]))
    guard stored == actual else {
      throw StorageError.corrupt(
        file: path, offset: offset, what: "page checksum", expected: hex(stored),
        found: "\(hex(actual)) over its bytes")
    }
  }

  /// Decodes a page whose checksum is the caller's business.
  func decodePage(
    _ bytes: UnsafeRawBufferPointer, offset: UInt64, column index: Int, rowCount: Int,
    form: VectorForm = .wide, rows: [UInt32]? = nil
  ) throws -> (PageHeader, ColumnVector) {
    let column = schema.columns[index]
    var reader = ByteReader(bytes, file: path, origin: offset)
    let header = try PageHeader(decoding: &reader, rowCount: rowCount)
    guard column.isNullable || !header.hasNulls else {
      throw reader.corrupt(
        "page flags", expected: "no nulls in column \(column.name)", found: "nulls")
    }
    let payload = UnsafeRawBufferPointer(rebasing: bytes[reader.position...])
    let shared = header.encoding == .sharedDictionary ? try dictionary(column: index) : nil
    let vector = try decoder.decode(
      header, payload: payload, offset: reader.offset, type: column.type, form: form,
      rows: rows, dictionary: shared)
    return (header, vector)
  }

  /// The strings that pages of a column share, loaded the first time; nil when it has none.
  func dictionary(column: Int) throws -> StringTable? {
    guard let block = extensions.dictionaries[column] else { return nil }
    return try dictionaries.withLock { loaded in
      if let table = loaded[column] { return table }
      let table = try withBlock(block) {
        try DictionaryBlock.read($0, file: path, offset: block.offset)
      }
      memory.add(table.offsets.byteCount + table.bytes.byteCount)
      loaded[column] = table
      return table
    }
  }

  /// Where a page lies.
  func location(column: Int, page: Int) throws -> ColumnDirectory.Page {
    precondition((0..<pageCount).contains(page), "page \(page) is outside 0..<\(pageCount)")
    let entry = columns[column]
    if pageCount == 1 {
      return ColumnDirectory.Page(
        offset: entry.pagesOffset, byteCount: entry.pagesByteCount, zoneMap: entry.zoneMap)
    }
    return try directory(column: column).pages[page]
  }

  /// The same without the zone map, which costs more to copy than all else.
  private func extent(column: Int, page: Int) throws -> (offset: UInt64, byteCount: Int) {
    precondition((0..<pageCount).contains(page), "page \(page) is outside 0..<\(pageCount)")
    guard pageCount > 1 else {
      return (columns[column].pagesOffset, columns[column].pagesByteCount)
    }
    let directory = try directory(column: column)
    return (directory.pages[page].offset, directory.pages[page].byteCount)
  }

  private func directory(column: Int) throws -> ColumnDirectory {
    try directories.withLock { loaded in
      if let directory = loaded[column] { return directory }
      let entry = columns[column]
      let offset = entry.pagesOffset + UInt64(entry.pagesByteCount)
      let directory = try withBytes(at: offset, count: entry.directoryByteCount) { bytes, _ in
        try ColumnDirectory(
          decoding: bytes, file: path, origin: offset, column: schema.columns[column],
          entry: entry, rowCount: rowCount, rowsPerPage: rowsPerPage)
      }
      memory.add(directory.memoryByteCount)
      loaded[column] = directory
      return directory
    }
  }

  /// Lends bytes of the file, from the mapping or from a copy.
  func withBytes<R>(
    at offset: UInt64, count: Int, _ body: (UnsafeRawBufferPointer, _ isMapped: Bool) throws -> R
  ) throws -> R {
    try file.withBytes(at: offset, count: count, body)
  }
}
