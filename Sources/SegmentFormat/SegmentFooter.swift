import StorageBase

/// What the end of a segment says: schema, where the columns are, and their zone maps (see
/// FORMAT.md).
struct SegmentFooter: Sendable {
  struct ColumnEntry: Sendable {
    /// Where the pages begin.
    var pagesOffset: UInt64
    var pagesByteCount: Int
    /// With its checksum; 0 when there is one page.
    var directoryByteCount: Int
    var zoneMap: ZoneMap

    var directoryOffset: UInt64 { pagesOffset + UInt64(pagesByteCount) }
    var endOffset: UInt64 { directoryOffset + UInt64(directoryByteCount) }
  }

  var rowCount: Int
  var rowsPerPage: Int
  var schema: Schema
  var columns: [ColumnEntry]

  var pageCount: Int { rowCount.ceilingDivision(by: rowsPerPage) }

  func rowCount(ofPage page: Int) -> Int { min(rowsPerPage, rowCount - page * rowsPerPage) }
}

extension SegmentFooter {
  /// Footer and trailer.
  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.appendVarint(UInt64(rowCount))
    writer.appendVarint(UInt64(rowsPerPage))
    writer.append(schema.keysModel.rawValue)
    writer.appendVarint(UInt64(schema.sortKeyCount))
    writer.appendVarint(UInt64(schema.columns.count))
    var end = UInt64(SegmentLayout.magicByteCount)
    for (column, entry) in zip(schema.columns, columns) {
      writer.appendVarint(UInt64(column.id.rawValue))
      TypeCode.encode(column.type, into: &writer)
      writer.append(UInt8(column.isNullable ? 1 : 0))
      writer.append(column.name)
      writer.appendVarint(entry.pagesOffset - end)
      writer.appendVarint(UInt64(entry.pagesByteCount))
      writer.appendVarint(UInt64(entry.directoryByteCount))
      entry.zoneMap.encode(into: &writer, column: column)
      end = entry.endOffset
    }
    writer.appendVarint(0)  // Extensions: none are defined.
    let footerByteCount = UInt32(writer.count)
    writer.append(footerByteCount)
    writer.append(UInt32(0))  // Required features.
    writer.append(SegmentLayout.formatVersion)
    writer.append(contentsOf: [0, 0, 0])
    writer.appendChecksum()
    writer.append(SegmentLayout.magic)
    return writer.bytes
  }

  /// Reads the fields of a footer whose checksum has been verified.
  ///
  /// - Parameter footerOffset: where the footer begins; the columns must end before it.
  static func decode(from reader: inout ByteReader, footerOffset: UInt64) throws -> SegmentFooter {
    let rowCount = try reader.readCount("row count", atMost: Limits.segmentRowCountMax)
    let rowsPerPage = try reader.readCount("rows per page", atMost: Limits.pageRowCountMax)
    guard rowCount >= 1, rowsPerPage >= 1 else {
      throw reader.corrupt("row counts", expected: "at least 1", found: "0")
    }
    let model = try reader.read(UInt8.self, "keys model")
    guard let keysModel = KeysModel(rawValue: model) else {
      throw reader.corrupt("keys model", expected: "a known one", found: "\(model)")
    }
    let sortKeyCount = try reader.readCount("sort key count", atMost: Limits.columnCountMax)
    let columnCount = try reader.readCount("column count", atMost: Limits.columnCountMax)
    var columns: [Column] = []
    var entries: [ColumnEntry] = []
    var end = UInt64(SegmentLayout.magicByteCount)
    let hasDirectories = rowCount > rowsPerPage
    for _ in 0..<columnCount {
      let column = try decodeColumn(from: &reader)
      let entry = try decodeEntry(
        from: &reader, column: column, rowCount: rowCount, after: end, before: footerOffset,
        hasDirectory: hasDirectories)
      columns.append(column)
      entries.append(entry)
      end = entry.endOffset
    }
    try skipExtensions(&reader)
    try reader.requireEnd("footer")
    let schema: Schema
    do {
      schema = try Schema(columns: columns, sortKeyCount: sortKeyCount, keysModel: keysModel)
    } catch {
      throw reader.corrupt("schema", expected: "a valid one", found: "\(error)")
    }
    return SegmentFooter(
      rowCount: rowCount, rowsPerPage: rowsPerPage, schema: schema, columns: entries)
  }

  private static func decodeColumn(from reader: inout ByteReader) throws -> Column {
    let id = try reader.readVarint("column id")
    guard let number = UInt32(exactly: id) else {
      throw reader.corrupt("column id", expected: "32 bits", found: "\(id)")
    }
    let type = try TypeCode.decode(from: &reader)
    let flags = try reader.read(UInt8.self, "column flags")
    guard flags <= 1 else {
      throw reader.corrupt("column flags", expected: "0 or 1", found: "\(flags)")
    }
    let name = try reader.readString("column name", atMost: Limits.nameByteCountMax)
    return Column(id: ColumnID(rawValue: number), name: name, type: type, isNullable: flags == 1)
  }

  private static func decodeEntry(
    from reader: inout ByteReader, column: Column, rowCount: Int, after end: UInt64,
    before limit: UInt64, hasDirectory: Bool
  ) throws -> ColumnEntry {
    let room = Int(limit - end)
    let gap = try reader.readCount("gap", atMost: room)
    let pagesByteCount = try reader.readCount("page bytes", atMost: room - gap)
    let directoryByteCount = try reader.readCount(
      "directory bytes", atMost: room - gap - pagesByteCount)
    guard (directoryByteCount > 0) == hasDirectory else {
      throw reader.corrupt(
        "directory bytes", expected: hasDirectory ? "a directory" : "none",
        found: "\(directoryByteCount)")
    }
    let zoneMap = try ZoneMap.decode(from: &reader, column: column, rowCount: rowCount)
    return ColumnEntry(
      pagesOffset: end + UInt64(gap), pagesByteCount: pagesByteCount,
      directoryByteCount: directoryByteCount, zoneMap: zoneMap)
  }

  private static func skipExtensions(_ reader: inout ByteReader) throws {
    let count = try reader.readCount("extension count", atMost: SegmentLayout.extensionCountMax)
    for _ in 0..<count {
      _ = try reader.readVarint("extension kind")
      let byteCount = try reader.readCount("extension bytes", atMost: reader.remaining)
      _ = try reader.readBytes(byteCount, "extension")
    }
  }
}

/// The persistent numbers of column types: never change or reuse one.
private enum TypeCode: UInt8 {
  case bool = 1
  case int8 = 2
  case int16 = 3
  case int32 = 4
  case int64 = 5
  case float = 6
  case double = 7
  case decimal = 8
  case date = 9
  case datetime = 10
  case string = 11

  static func encode(_ type: DataType, into writer: inout ByteWriter) {
    let code: TypeCode =
      switch type {
      case .bool: .bool
      case .int8: .int8
      case .int16: .int16
      case .int32: .int32
      case .int64: .int64
      case .float: .float
      case .double: .double
      case .decimal: .decimal
      case .date: .date
      case .datetime: .datetime
      case .string: .string
      }
    writer.append(code.rawValue)
    if case .decimal(let precision, let scale) = type {
      writer.append(UInt8(precision))
      writer.append(UInt8(scale))
    }
  }

  static func decode(from reader: inout ByteReader) throws -> DataType {
    let code = try reader.read(UInt8.self, "column type")
    switch TypeCode(rawValue: code) {
    case .bool: return .bool
    case .int8: return .int8
    case .int16: return .int16
    case .int32: return .int32
    case .int64: return .int64
    case .float: return .float
    case .double: return .double
    case .date: return .date
    case .datetime: return .datetime
    case .string: return .string
    case .decimal:
      let precision = Int(try reader.read(UInt8.self, "precision"))
      let scale = Int(try reader.read(UInt8.self, "scale"))
      guard (1...38).contains(precision), scale <= precision else {
        throw reader.corrupt(
          "decimal", expected: "precision 1 to 38, scale at most that",
          found: "(\(precision),\(scale))")
      }
      return .decimal(precision: precision, scale: scale)
    case nil: throw reader.corrupt("column type", expected: "1 to 11", found: "\(code)")
    }
  }
}
