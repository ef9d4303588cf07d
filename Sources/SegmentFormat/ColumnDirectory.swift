import StorageBase

/// Where the pages of a column are and what they hold (see FORMAT.md).
struct ColumnDirectory: Sendable {
  /// One more than pages: where each begins, from the first; the last is the end.
  let starts: [Int]
  let zoneMaps: [ZoneMap]

  static func decode(
    from reader: inout ByteReader, column: Column, footer: SegmentFooter, pagesByteCount: Int
  ) throws -> ColumnDirectory {
    var starts = [0]
    var zoneMaps: [ZoneMap] = []
    for page in 0..<footer.pageCount {
      let room = pagesByteCount - (starts.last ?? 0)
      let byteCount = try reader.readCount("page bytes", atMost: room)
      starts.append((starts.last ?? 0) + byteCount)
      zoneMaps.append(
        try ZoneMap.decode(
          from: &reader, column: column, rowCount: footer.rowCount(ofPage: page)))
    }
    guard starts.last == pagesByteCount else {
      throw reader.corrupt(
        "directory of column \(column.name)", expected: "\(pagesByteCount) bytes of pages",
        found: "\(starts.last ?? 0)")
    }
    try reader.verifyChecksum("directory of column \(column.name)")
    try reader.requireEnd("directory of column \(column.name)")
    return ColumnDirectory(starts: starts, zoneMaps: zoneMaps)
  }
}
