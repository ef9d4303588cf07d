import ScanKernels
import StorageBase
import StorageIO
import Synchronization

/// Reads a segment page by page. Thread-safe.
///
/// Opening reads the footer only; a column's directory is read when the column is first used, a
/// page when it is asked for. A mapped page's checksum is verified the first time this reader
/// touches it, one that is read from the file every time.
public final class SegmentReader: Sendable {
  private let file: any ReadableFile
  let footer: SegmentFooter
  private let directories: Mutex<[ColumnDirectory?]>
  /// A bit per column and page whose checksum has been verified.
  private let verified: AtomicBits

  /// - Throws: `StorageError.corrupt` when the trailer or footer is not whole,
  ///   `.unsupportedFormat` for a newer version or a feature this program does not know.
  public init(file: any ReadableFile) throws {
    self.file = file
    footer = try FooterReader(file: file).read()
    directories = Mutex(Array(repeating: nil, count: footer.columns.count))
    verified = AtomicBits(
      count: file.mapping == nil ? 0 : footer.columns.count * footer.pageCount)
  }

  public var path: String { file.path }
  public var byteCount: Int { Int(file.byteCount) }
  public var rowCount: Int { footer.rowCount }
  public var rowsPerPage: Int { footer.rowsPerPage }
  public var pageCount: Int { footer.pageCount }
  /// As the segment was written.
  public var schema: Schema { footer.schema }

  /// The ordinals of a page's rows, the same in every column.
  public func rowRange(ofPage page: Int) -> Range<Int> {
    precondition((0..<pageCount).contains(page), "page \(page) is outside 0..<\(pageCount)")
    let start = page * rowsPerPage
    return start..<start + footer.rowCount(ofPage: page)
  }

  /// The zone map of a whole column.
  public func zoneMap(column: Int) -> ZoneMap { footer.columns[column].zoneMap }

  /// The zone map of one page. Reads the column's directory the first time.
  public func zoneMap(column: Int, page: Int) throws -> ZoneMap {
    pageCount == 1
      ? footer.columns[column].zoneMap : try directory(column).zoneMaps[page]
  }

  /// Decodes one page; the work is added to `work`.
  /// - Throws: `StorageError.corrupt` with the file, the offset, and what was expected and found.
  ///   Other pages stay readable.
  public func readPage(
    column: Int, page: Int, work: inout PageWork
  ) throws -> ColumnVector {
    let stored = try storedPage(column: column, page: page)
    work.pages += 1
    work.bytesStored += stored.bytes.count
    work.rows += rowRange(ofPage: page).count
    return try withExtendedLifetime(stored.owner) {
      try decode(stored, column: column, page: page, work: &work)
    }
  }

  /// Where a page lies in the file.
  func pageLocation(column: Int, page: Int) throws -> (offset: UInt64, byteCount: Int) {
    let entry = footer.columns[column]
    guard pageCount > 1 else { return (entry.pagesOffset, entry.pagesByteCount) }
    let directory = try directory(column)
    return (
      entry.pagesOffset + UInt64(directory.starts[page]),
      directory.starts[page + 1] - directory.starts[page]
    )
  }

  /// A page as it lies in the file.
  struct StoredPage {
    let bytes: UnsafeRawBufferPointer
    let offset: UInt64
    /// Keeps the bytes alive when they are a copy.
    let owner: AlignedBuffer?
  }

  func storedPage(column: Int, page: Int) throws -> StoredPage {
    let (offset, byteCount) = try pageLocation(column: column, page: page)
    let stored = try bytes(at: offset, count: byteCount)
    let bit = column * pageCount + page
    if stored.owner != nil || !verified.contains(bit) {
      try PageChecksum.verify(stored.bytes, file: path, offset: offset)
      if stored.owner == nil { verified.insert(bit) }
    }
    return stored
  }

  func bytes(at offset: UInt64, count: Int) throws -> StoredPage {
    if let mapping = file.mapping {
      guard offset <= UInt64(mapping.count), count <= mapping.count - Int(offset) else {
        throw StorageError.corrupt(
          file: path, offset: offset, what: "file length", expected: "\(count) more bytes",
          found: "\(mapping.count) bytes in all")
      }
      let start = Int(offset)
      return StoredPage(
        bytes: UnsafeRawBufferPointer(rebasing: mapping[start..<start + count]), offset: offset,
        owner: nil)
    }
    let copy = AlignedBuffer(byteCount: count)
    try file.read(at: offset, into: copy.mutableBytes)
    return StoredPage(bytes: copy.bytes, offset: offset, owner: copy)
  }

  func header(
    of stored: StoredPage, page: Int
  ) throws -> (header: PageHeader, payload: UnsafeRawBufferPointer) {
    var reader = ByteReader(stored.bytes, file: path, origin: stored.offset)
    _ = try reader.readBytes(SegmentLayout.checksumByteCount, "page checksum")
    let header = try PageHeader.decode(from: &reader)
    guard header.rowCount == rowRange(ofPage: page).count else {
      throw reader.corrupt(
        "page rows", expected: "\(rowRange(ofPage: page).count)", found: "\(header.rowCount)")
    }
    return (header, try reader.readBytes(reader.remaining, "payload"))
  }

  private func decode(
    _ stored: StoredPage, column: Int, page: Int, work: inout PageWork
  ) throws -> ColumnVector {
    let (header, payload) = try header(of: stored, page: page)
    let field = schema.columns[column]
    func corrupt(_ what: String, _ expected: String, _ found: String) -> StorageError {
      .corrupt(file: path, offset: stored.offset, what: what, expected: expected, found: found)
    }
    if header.hasNulls && !field.isNullable {
      throw corrupt("page flags", "no nulls in column \(field.name)", "nulls")
    }
    work.bytesDecoded += header.rawByteCount
    let decoder = PageDecoder(
      type: field.type, rowCount: header.rowCount, file: path, offset: stored.offset)
    guard header.compression != .none else {
      guard payload.count == header.rawByteCount else {
        throw corrupt("payload bytes", "\(header.rawByteCount)", "\(payload.count)")
      }
      return try decoder.decode(payload, encoding: header.encoding, hasNulls: header.hasNulls)
    }
    // LZ4 cannot expand more than 255 times, so a hostile length costs no great allocation.
    let bound = header.compression == .lz4 ? payload.count * 255 + 64 : Limits.pageByteCountMax
    guard header.rawByteCount <= bound else {
      throw corrupt("payload bytes", "at most \(bound)", "\(header.rawByteCount)")
    }
    let raw = AlignedBuffer(byteCount: header.rawByteCount)
    let count = PageCompressor.decompress(
      payload, header.compression, into: raw.mutableBytes)
    guard count == header.rawByteCount else {
      throw corrupt(
        "\(header.compression) payload", "\(header.rawByteCount) bytes",
        count.map { "\($0)" } ?? "malformed data")
    }
    return try withExtendedLifetime(raw) {
      try decoder.decode(raw.bytes, encoding: header.encoding, hasNulls: header.hasNulls)
    }
  }

  private func directory(_ column: Int) throws -> ColumnDirectory {
    try directories.withLock { loaded in
      if let directory = loaded[column] { return directory }
      let directory = try readDirectory(column)
      loaded[column] = directory
      return directory
    }
  }

  private func readDirectory(_ column: Int) throws -> ColumnDirectory {
    let entry = footer.columns[column]
    let stored = try bytes(at: entry.directoryOffset, count: entry.directoryByteCount)
    return try withExtendedLifetime(stored.owner) {
      var reader = ByteReader(stored.bytes, file: path, origin: stored.offset)
      return try ColumnDirectory.decode(
        from: &reader, column: schema.columns[column], footer: footer,
        pagesByteCount: entry.pagesByteCount)
    }
  }
}

/// The checksum at the beginning of a page, over all that follows.
enum PageChecksum {
  static func verify(_ page: UnsafeRawBufferPointer, file: String, offset: UInt64) throws {
    guard page.count >= SegmentLayout.pageByteCountMin else {
      throw StorageError.corrupt(
        file: file, offset: offset, what: "page",
        expected: "at least \(SegmentLayout.pageByteCountMin) bytes", found: "\(page.count)")
    }
    let expected = UInt32(littleEndian: page.loadUnaligned(as: UInt32.self))
    let found = crc32c(
      UnsafeRawBufferPointer(rebasing: page[SegmentLayout.checksumByteCount...]))
    guard found == expected else {
      throw StorageError.corrupt(
        file: file, offset: offset, what: "page checksum", expected: hex(expected),
        found: "\(hex(found)) over its \(page.count) bytes")
    }
  }
}
