import StorageBase

/// Everything about a segment but its rows, for people.
public struct SegmentDescription: Sendable {
  public struct Page: Sendable {
    public let offset: UInt64
    public let rowCount: Int
    public let encoding: PageEncoding
    public let compression: PageCompression
    public let hasNulls: Bool
    /// With the header.
    public let storedByteCount: Int
    /// Of the payload before compression.
    public let rawByteCount: Int
    public let zoneMap: ZoneMap
  }

  public struct ColumnPages: Sendable {
    public let column: Column
    public let zoneMap: ZoneMap
    public let pages: [Page]

    public var storedByteCount: Int { pages.reduce(0) { $0 + $1.storedByteCount } }
    public var rawByteCount: Int { pages.reduce(0) { $0 + $1.rawByteCount } }
  }

  public let path: String
  public let byteCount: Int
  public let rowCount: Int
  public let rowsPerPage: Int
  public let columns: [ColumnPages]
}

extension SegmentReader {
  /// Reads the header of every page.
  public func describe() throws -> SegmentDescription {
    let columns = try schema.columns.indices.map { column in
      SegmentDescription.ColumnPages(
        column: schema.columns[column], zoneMap: zoneMap(column: column),
        pages: try (0..<pageCount).map { try describe(column: column, page: $0) })
    }
    return SegmentDescription(
      path: path, byteCount: byteCount, rowCount: rowCount, rowsPerPage: rowsPerPage,
      columns: columns)
  }

  private func describe(column: Int, page: Int) throws -> SegmentDescription.Page {
    let stored = try storedPage(column: column, page: page)
    return try withExtendedLifetime(stored.owner) {
      let (header, _) = try header(of: stored, page: page)
      return SegmentDescription.Page(
        offset: stored.offset, rowCount: header.rowCount, encoding: header.encoding,
        compression: header.compression, hasNulls: header.hasNulls,
        storedByteCount: stored.bytes.count, rawByteCount: header.rawByteCount,
        zoneMap: try zoneMap(column: column, page: page))
    }
  }
}
