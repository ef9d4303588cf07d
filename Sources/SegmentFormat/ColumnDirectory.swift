import StorageBase

/// Where the pages of one column lie and what bounds they have. Immutable.
final class ColumnDirectory: Sendable {
  struct Page: Sendable {
    var offset: UInt64
    var byteCount: Int
    var zoneMap: ZoneMap
  }

  let pages: [Page]

  init(pages: [Page]) { self.pages = pages }

  static func encode(_ pages: [Page], for column: Column) -> [UInt8] {
    var writer = ByteWriter()
    for page in pages {
      writer.appendVarint(UInt64(page.byteCount))
      page.zoneMap.encode(for: column, to: &writer)
    }
    writer.appendChecksum()
    return writer.bytes
  }

  /// - Parameter block: the directory with its checksum, at `origin` of `file`.
  convenience init(
    decoding block: UnsafeRawBufferPointer, file: String, origin: UInt64, column: Column,
    entry: SegmentFooter.ColumnEntry, rowCount: Int, rowsPerPage: Int
  ) throws {
    try Self.verifyChecksum(block, file: file, origin: origin)
    let content = block.dropLast(SegmentLayout.checksumByteCount)
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: content), file: file, origin: origin)
    var pages: [Page] = []
    var offset = entry.pagesOffset
    let end = entry.pagesOffset + UInt64(entry.pagesByteCount)
    for first in stride(from: 0, to: rowCount, by: rowsPerPage) {
      let byteCount = try reader.readCount("page length", atMost: Int(end - offset))
      guard byteCount >= SegmentLayout.pageByteCountMin else {
        throw reader.corrupt(
          "page length", expected: "at least \(SegmentLayout.pageByteCountMin)",
          found: "\(byteCount)")
      }
      let zoneMap = try ZoneMap(
        decoding: &reader, for: column, rowCount: min(rowsPerPage, rowCount - first))
      pages.append(Page(offset: offset, byteCount: byteCount, zoneMap: zoneMap))
      offset += UInt64(byteCount)
    }
    try reader.requireEnd("column directory")
    guard offset == end else {
      throw reader.corrupt("page lengths", expected: "an end at \(end)", found: "\(offset)")
    }
    self.init(pages: pages)
  }

  private static func verifyChecksum(
    _ block: UnsafeRawBufferPointer, file: String, origin: UInt64
  ) throws {
    let contentCount = max(0, block.count - SegmentLayout.checksumByteCount)
    var reader = ByteReader(block, file: file, origin: origin)
    _ = try reader.readBytes(contentCount, "column directory")
    try reader.verifyChecksum("column directory")
  }
}
