import StorageBase

/// What a segment consists of, for people to look at.
public struct SegmentDescription: Hashable, Sendable {
  public struct PageDescription: Hashable, Sendable {
    public var offset: UInt64
    public var encoding: PageEncoding
    public var compression: PageCompression
    public var rowCount: Int
    /// Bytes in the file, with the header.
    public var storedByteCount: Int
    /// Bytes of the payload before compression.
    public var rawByteCount: Int
    public var zoneMap: ZoneMap
  }

  public struct ColumnDescription: Hashable, Sendable {
    public var column: Column
    public var zoneMap: ZoneMap
    /// 0 when the segment has a single page.
    public var directoryByteCount: Int
    /// Bytes of its Bloom filters, and of its inverted index; 0 without.
    public var filterByteCount: Int
    public var indexByteCount: Int
    public var pages: [PageDescription]
  }

  public var path: String
  public var byteCount: Int
  public var rowCount: Int
  public var rowsPerPage: Int
  public var sortKeyCount: Int
  /// Bytes of the footer and the trailer.
  public var footerByteCount: Int
  public var columns: [ColumnDescription]
  /// Bytes of the primary keys: pages, filter and root; 0 without.
  public var primaryKeyByteCount: Int
  /// Where filters, dictionaries, indexes, the root of the primary keys and the directory of the
  /// row store lie, each ended by its checksum.
  public var blocks: [Range<UInt64>]
  /// Bytes of the row store; 0 without.
  public var rowStoreByteCount: Int
}

extension SegmentReader {
  /// Reads all directories and page headers. Page checksums are left to `verify()`.
  /// - Throws: `StorageError.corrupt` for a bad directory or page header.
  public func describe() throws -> SegmentDescription {
    SegmentDescription(
      path: path, byteCount: byteCount, rowCount: rowCount, rowsPerPage: rowsPerPage,
      sortKeyCount: schema.sortKeyCount, footerByteCount: byteCount - Int(dataEnd),
      columns: try schema.columns.indices.map { column in
        SegmentDescription.ColumnDescription(
          column: schema.columns[column], zoneMap: zoneMap(column: column),
          directoryByteCount: columns[column].directoryByteCount,
          filterByteCount: (extensions.valueFilters[column]?.byteCount ?? 0)
            + (extensions.gramFilters[column]?.block.byteCount ?? 0),
          indexByteCount: extensions.invertedIndexes[column]?.byteCount ?? 0,
          pages: try (0..<pageCount).map { try describe(column: column, page: $0) })
      }, primaryKeyByteCount: extensions.primaryKeys?.byteCount ?? 0,
      blocks: extensions.blocks.map { $0.offset..<$0.offset + UInt64($0.byteCount) },
      rowStoreByteCount: extensions.rowStore.map { $0.pagesByteCount + $0.directoryByteCount } ?? 0)
  }

  private func describe(
    column: Int, page: Int
  ) throws -> SegmentDescription.PageDescription {
    let location = try location(column: column, page: page)
    let header = try withBytes(at: location.offset, count: location.byteCount) { bytes, _ in
      var reader = ByteReader(bytes, file: path, origin: location.offset)
      return try PageHeader(decoding: &reader, rowCount: rowRange(ofPage: page).count)
    }
    return SegmentDescription.PageDescription(
      offset: location.offset, encoding: header.encoding, compression: header.compression,
      rowCount: header.rowCount, storedByteCount: location.byteCount,
      rawByteCount: header.rawByteCount, zoneMap: location.zoneMap)
  }
}
