import ScanKernels
import StorageBase
import StorageIO

/// Reads whole rows of a segment by their ordinals. Thread-safe.
///
/// Pages that are not compressed are read where a mapping has them, and checked the first time; of
/// others, and without a mapping, the page of a row is read, checked and decompressed, unless the
/// cache that was given to the call has it.
public final class RowStoreReader: Sendable {
  /// The columns it has, and where they lie in its rows.
  public let layout: RowLayout
  /// By field: the position of the column in the schema of the segment.
  public let positions: [Int]
  public let rowCount: Int
  let file: any ReadableFile
  let mapping: UnsafeSharedBytes?
  let directory: RowDirectory
  /// Whether all rows are read where a mapping has them.
  public let isInPlace: Bool
  private let compression: PageCompression
  private let decompressor = PageDecompressor()
  private let verified: VerifiedPages
  /// The name of the segment in caches.
  private let identity: UInt64

  /// Bytes of mapped memory, which lives as long as the file is held.
  struct UnsafeSharedBytes: @unchecked Sendable {
    let base: UnsafeRawPointer
  }

  init(
    _ entry: RowStoreEntry, schema: Schema, rowCount: Int, file: any ReadableFile,
    identity: UInt64
  ) throws {
    self.identity = identity
    let positions = entry.positions ?? Array(schema.columns.indices)
    self.positions = positions
    self.rowCount = rowCount
    self.file = file
    layout = RowLayout(columns: positions.map { schema.columns[$0] }, form: entry.form)
    let block = entry.directory
    directory = try file.withBytes(at: block.offset, count: block.byteCount) { bytes, _ in
      var reader = ByteReader(bytes, file: file.path, origin: block.offset)
      let content = try reader.readBytes(
        block.byteCount - SegmentLayout.checksumByteCount, "row store directory")
      try reader.verifyChecksum("row store directory")
      return try RowDirectory(decoding: content, entry, rowCount: rowCount, file: file.path)
    }
    compression = entry.compression
    verified = VerifiedPages(pageCount: directory.pageCount)
    mapping = file.mapping.flatMap { $0.baseAddress.map(UnsafeSharedBytes.init) }
    isInPlace = mapping != nil && !directory.isCompressed.contains(true)
  }

  public var pageCount: Int { directory.pageCount }

  /// Bytes of the pages in the file.
  public var byteCount: Int {
    Int(directory.offsets[directory.pageCount] - directory.offsets[0])
  }

  /// Where its pages lie, each ended by its checksum.
  public var pageRanges: [Range<UInt64>] {
    (0..<directory.pageCount).map { directory.offsets[$0]..<directory.offsets[$0 + 1] }
  }

  /// Lends a row.
  /// - Parameter cache: keeps pages that are not read in place.
  /// - Precondition: the row is in `0..<rowCount`.
  /// - Throws: `StorageError.corrupt` for a bad page or row; what the file or `body` throws.
  public func withRow<R>(
    _ row: Int, cache: RowPageCache? = nil, _ body: (RowView) throws -> R
  ) throws -> R {
    let found = try self.row(row, cache: cache)
    return try withExtendedLifetime(found) { try body(found.view) }
  }

  /// A row, to be held for longer than a call: as long as this reader and the page, if there is
  /// one, are held. Otherwise as `withRow`.
  public func row(_ row: Int, cache: RowPageCache? = nil) throws -> StoredRow {
    precondition((0..<rowCount).contains(row), "row \(row) is outside 0..<\(rowCount)")
    let page = directory.page(of: row)
    let index = row &- Int(directory.firstRows[page])
    if let direct = try directPage(page) {
      return StoredRow(view: try view(direct.row(index), page: page, row: row), page: nil)
    }
    let buffer = try pageBuffer(page, cache: cache)
    return StoredRow(
      view: try view(rowPage(page, in: buffer).row(index), page: page, row: row), page: buffer)
  }

  /// Checks a row found in a page.
  @inline(__always)
  func view(_ bytes: UnsafeRawBufferPointer?, page: Int, row: Int) throws -> RowView {
    guard let bytes, let view = RowView(checking: bytes, layout) else {
      throw corruptRow(row, page: page)
    }
    return view
  }

  func corruptRow(_ row: Int, page: Int) -> StorageError {
    .corrupt(
      file: file.path, offset: directory.offsets[page], what: "row \(row) of the row store",
      expected: "a row of \(layout.columns.count) columns", found: "other bytes")
  }

  // MARK: Pages

  @inline(__always) private func rowCount(ofPage page: Int) -> Int {
    Int(directory.firstRows[page &+ 1] &- directory.firstRows[page])
  }

  /// The page where it lies in the mapping; nil when it cannot be read there.
  @inline(__always)
  func directPage(_ page: Int) throws -> RowPage? {
    guard let mapping, !directory.isCompressed[page] else { return nil }
    if !verified.contains(page) { try verifyMapped(page) }
    return RowPage(
      mapping.base + Int(directory.offsets[page]), byteCount: Int(directory.rawByteCounts[page]),
      rowCount: rowCount(ofPage: page))
  }

  @inline(never) private func verifyMapped(_ page: Int) throws {
    let (offset, count) = extent(page)
    try file.withBytes(at: offset, count: count) { bytes, _ in _ = try content(bytes, page) }
    verified.insert(page)
  }

  private func extent(_ page: Int) -> (offset: UInt64, byteCount: Int) {
    let offset = directory.offsets[page]
    return (offset, Int(directory.offsets[page + 1] - offset))
  }

  /// The stored bytes of a page without its checksum, which is compared.
  private func content(_ bytes: UnsafeRawBufferPointer, _ page: Int) throws
    -> UnsafeRawBufferPointer
  {
    var reader = ByteReader(bytes, file: file.path, origin: directory.offsets[page])
    let content = try reader.readBytes(
      bytes.count - SegmentLayout.checksumByteCount, "row store page")
    try reader.verifyChecksum("row store page")
    return content
  }

  /// A page that is not read in place.
  func pageBuffer(_ page: Int, cache: RowPageCache?) throws -> AlignedBuffer {
    guard let cache else { return try load(page) }
    return try cache.page(RowPageCache.Key(store: identity, page: page)) { try load(page) }
  }

  /// The page in a buffer of `pageBuffer`, as long as that is held.
  func rowPage(_ page: Int, in buffer: AlignedBuffer) -> RowPage {
    guard let base = buffer.bytes.baseAddress else { preconditionFailure("a page without bytes") }
    return RowPage(
      base, byteCount: Int(directory.rawByteCounts[page]), rowCount: rowCount(ofPage: page))
  }

  /// The page before compression.
  private func load(_ page: Int) throws -> AlignedBuffer {
    let (offset, count) = extent(page)
    if mapping == nil, !directory.isCompressed[page] {
      let buffer = AlignedBuffer(byteCount: count)
      try file.read(at: offset, into: buffer.mutableBytes)
      try withExtendedLifetime(buffer) { _ = try content(buffer.bytes, page) }
      return buffer
    }
    return try file.withBytes(at: offset, count: count) { bytes, _ in
      let stored = try content(bytes, page)
      let rawByteCount = Int(directory.rawByteCounts[page])
      guard directory.isCompressed[page] else { return .copy(of: stored) }
      if decompressor.isPossible(stored, compression, rawByteCount: rawByteCount) {
        let buffer = AlignedBuffer(byteCount: rawByteCount)
        if decompressor.decompress(stored, compression, into: buffer.mutableBytes) {
          return buffer
        }
      }
      throw StorageError.corrupt(
        file: file.path, offset: offset, what: "row store page",
        expected: "\(rawByteCount) bytes after decompression", found: "other bytes")
    }
  }
}

/// One row of a row store, where its bytes lie: in the mapping of the file, else in a page.
public struct StoredRow {
  public let view: RowView
  /// Nil when the bytes are those of the mapping.
  public let page: AlignedBuffer?
}
