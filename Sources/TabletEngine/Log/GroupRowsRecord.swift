import StorageBase

/// Rows that a client has been promised and that become visible with the next group load of their
/// table: one segment with all columns, in the order they came.
struct GroupRowsRecord: Hashable, Sendable {
  let table: TableID
  /// Counts the records of the table, from 0.
  let ordinal: UInt64
  var position: LogPosition
  let byteCount: Int
}

/// The rows of a table that a group load has made visible.
struct GroupRowsCover: Hashable, Sendable {
  let table: TableID
  /// The ordinal after the last record that is contained.
  let end: UInt64
}

extension GroupRowsRecord {
  /// - Parameter bytes: gives the segment, and is told the offset in `writer` where it begins.
  func encode(into writer: inout ByteWriter, bytes: (_ offset: Int) -> [UInt8]) {
    writer.append(RecordTag.groupRows.rawValue)
    writer.append(table.rawValue)
    writer.append(ordinal)
    writer.appendVarint(UInt64(byteCount))
    writer.append(contentsOf: bytes(writer.count))
  }

  static func decode(from reader: inout ByteReader, file: UInt32) throws -> GroupRowsRecord {
    let table = TableID(rawValue: try reader.readSmallOrdinal("table id"))
    let ordinal = try reader.readOrdinal("ordinal of group rows")
    let byteCount = try reader.readCount(
      "bytes of group rows", atMost: Limits.logRecordByteCountMax)
    let position = try reader.skipInline(byteCount, file: file)
    return GroupRowsRecord(
      table: table, ordinal: ordinal, position: position, byteCount: byteCount)
  }

  /// As a checkpoint holds it: a reference to the bytes in the log.
  func encodeReference(into writer: inout ByteWriter) {
    writer.append(ordinal)
    writer.appendVarint(UInt64(byteCount))
    writer.append(position.file)
    writer.append(position.offset)
  }

  static func decodeReference(
    from reader: inout ByteReader, table: TableID
  ) throws -> GroupRowsRecord {
    let ordinal = try reader.readOrdinal("ordinal of group rows")
    let byteCount = try reader.readCount(
      "bytes of group rows", atMost: Limits.logRecordByteCountMax)
    let file = try reader.read(UInt32.self, "log file number")
    let offset = try reader.read(UInt64.self, "log offset")
    return GroupRowsRecord(
      table: table, ordinal: ordinal, position: LogPosition(file: file, offset: offset),
      byteCount: byteCount)
  }
}
