import StorageBase

/// Everything a reader needs before it touches a column.
struct SegmentFooter {
  /// Where one column lies and what bounds it has.
  struct ColumnEntry {
    var pagesOffset: UInt64
    var pagesByteCount: Int
    /// Directly after the pages; 0 when the segment has one page.
    var directoryByteCount: Int
    var zoneMap: ZoneMap
  }

  /// A structure of a later version, described by bytes that this one does not look into.
  struct Extension: Hashable {
    var kind: UInt64
    var bytes: [UInt8]
  }

  var schema: Schema
  var rowCount: Int
  var rowsPerPage: Int
  var columns: [ColumnEntry]
  var extensions: [Extension] = []

  var pageCount: Int { rowCount.ceilingDivision(by: rowsPerPage) }

  private static let nullableBit: UInt8 = 1

  /// The footer and the trailer.
  func encoded(requiredFeatures: UInt32) -> [UInt8] {
    var writer = ByteWriter()
    writer.appendVarint(UInt64(rowCount))
    writer.appendVarint(UInt64(rowsPerPage))
    writer.append(schema.keysModel.rawValue)
    writer.appendVarint(UInt64(schema.sortKeyCount))
    writer.appendVarint(UInt64(schema.columns.count))
    var end = UInt64(SegmentLayout.magicByteCount)
    for (column, entry) in zip(schema.columns, columns) {
      writer.appendVarint(UInt64(column.id.rawValue))
      column.type.encode(to: &writer)
      writer.append(column.isNullable ? Self.nullableBit : 0)
      writer.append(column.name)
      writer.appendVarint(entry.pagesOffset - end)
      writer.appendVarint(UInt64(entry.pagesByteCount))
      writer.appendVarint(UInt64(entry.directoryByteCount))
      entry.zoneMap.encode(for: column, to: &writer)
      end = entry.pagesOffset + UInt64(entry.pagesByteCount + entry.directoryByteCount)
    }
    writer.appendVarint(UInt64(extensions.count))
    for item in extensions {
      writer.appendVarint(item.kind)
      writer.appendVarint(UInt64(item.bytes.count))
      writer.append(contentsOf: item.bytes)
    }
    writer.append(UInt32(writer.count))
    writer.append(requiredFeatures)
    writer.append(SegmentLayout.formatVersion)
    writer.append(contentsOf: [0, 0, 0])
    writer.appendChecksum()
    writer.append(SegmentLayout.magic)
    return writer.bytes
  }

  /// - Parameter reader: the footer's bytes; its checksum has been verified.
  /// - Parameter dataEnd: the offset of the footer; nothing of a column lies after it.
  init(decoding reader: inout ByteReader, dataEnd: UInt64) throws {
    rowCount = try reader.readCount("row count", atMost: Limits.segmentRowCountMax)
    rowsPerPage = try reader.readCount("rows per page", atMost: Limits.pageRowCountMax)
    guard rowCount >= 1, rowsPerPage >= 1 else {
      throw reader.corrupt("row count", expected: "at least 1", found: "0")
    }
    let model = try reader.read(UInt8.self, "keys model")
    guard let keysModel = KeysModel(rawValue: model) else {
      throw reader.corrupt("keys model", expected: "1", found: "\(model)")
    }
    let sortKeyCount = try reader.readCount("sort key count", atMost: Limits.columnCountMax)
    let columnCount = try reader.readCount("column count", atMost: Limits.columnCountMax)
    var end = UInt64(SegmentLayout.magicByteCount)
    var schemaColumns: [Column] = []
    columns = []
    for _ in 0..<columnCount {
      let column = try Self.readColumn(&reader)
      let entry = try Self.readEntry(
        &reader, column, rowCount: rowCount, pageCount: rowCount.ceilingDivision(by: rowsPerPage),
        after: end, dataEnd: dataEnd)
      end = entry.pagesOffset + UInt64(entry.pagesByteCount + entry.directoryByteCount)
      schemaColumns.append(column)
      columns.append(entry)
    }
    extensions = try Self.readExtensions(&reader)
    try reader.requireEnd("footer")
    do {
      schema = try Schema(
        columns: schemaColumns, sortKeyCount: sortKeyCount, keysModel: keysModel)
    } catch {
      throw reader.corrupt("schema", expected: "a valid one", found: "\(error)")
    }
  }

  private static func readColumn(_ reader: inout ByteReader) throws -> Column {
    let id = try reader.readCount("column id", atMost: Int(UInt32.max))
    let type = try DataType(decoding: &reader)
    let flags = try reader.read(UInt8.self, "column flags")
    guard flags & ~nullableBit == 0 else {
      throw reader.corrupt("column flags", expected: "known bits", found: "\(flags)")
    }
    let name = try reader.readString("column name", atMost: Limits.nameByteCountMax)
    return Column(
      id: ColumnID(rawValue: UInt32(id)), name: name, type: type,
      isNullable: flags & nullableBit != 0)
  }

  private static func readEntry(
    _ reader: inout ByteReader, _ column: Column, rowCount: Int, pageCount: Int,
    after end: UInt64, dataEnd: UInt64
  ) throws -> ColumnEntry {
    let limit = Int(dataEnd)
    let gap = try reader.readCount("column gap", atMost: limit)
    let pages = try reader.readCount("column page bytes", atMost: limit)
    let directory = try reader.readCount("column directory bytes", atMost: limit)
    let offset = end + UInt64(gap)
    guard offset + UInt64(pages) + UInt64(directory) <= dataEnd else {
      throw reader.corrupt(
        "column extent", expected: "an end before \(dataEnd)",
        found: "\(offset + UInt64(pages) + UInt64(directory))")
    }
    // Bounds what a hostile row count can make a reader allocate.
    guard pages / SegmentLayout.pageByteCountMin >= pageCount else {
      throw reader.corrupt(
        "column page bytes", expected: "room for \(pageCount) pages", found: "\(pages)")
    }
    guard (directory == 0) == (pageCount == 1) else {
      throw reader.corrupt(
        "column directory bytes", expected: pageCount == 1 ? "0" : "more than 0",
        found: "\(directory)")
    }
    return ColumnEntry(
      pagesOffset: offset, pagesByteCount: pages, directoryByteCount: directory,
      zoneMap: try ZoneMap(decoding: &reader, for: column, rowCount: rowCount))
  }

  private static func readExtensions(_ reader: inout ByteReader) throws -> [Extension] {
    let count = try reader.readCount(
      "extension count", atMost: SegmentLayout.extensionCountMax)
    var extensions: [Extension] = []
    for _ in 0..<count {
      let kind = try reader.readVarint("extension kind")
      let byteCount = try reader.readCount("extension length", atMost: reader.remaining)
      let bytes = try reader.readBytes(byteCount, "extension")
      extensions.append(Extension(kind: kind, bytes: [UInt8](bytes)))
    }
    return extensions
  }
}

extension SegmentFooter {
  init(schema: Schema, rowCount: Int, rowsPerPage: Int, columns: [ColumnEntry]) {
    self.schema = schema
    self.rowCount = rowCount
    self.rowsPerPage = rowsPerPage
    self.columns = columns
  }
}
