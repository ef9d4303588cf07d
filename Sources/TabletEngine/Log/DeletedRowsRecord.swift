import StorageBase
import TabletModel

/// Rows of a tablet that versions have deleted: with a load those that it replaces, with a
/// compaction those of its output that were deleted while it ran.
struct DeletedRowsRecord: Hashable, Sendable {
  let tablet: TabletID
  var parts: [Part] = []

  struct Part: Hashable, Sendable {
    let rowset: RowsetID
    let segment: Int
    let version: Version
    /// Ascending, each once.
    let rows: [UInt32]
  }

  mutating func append(_ rows: [UInt32], of segment: RowsetSegment, at version: Version) {
    parts.append(
      Part(rowset: segment.rowset, segment: segment.ordinal, version: version, rows: rows))
  }
}

extension DeletedRowsRecord {
  func encode(into writer: inout ByteWriter) {
    writer.append(RecordTag.deletedRows.rawValue)
    writer.append(tablet.rawValue)
    let first = parts.map(\.version).min() ?? Version(0)
    writer.append(first.rawValue)
    writer.appendVarint(UInt64(parts.count))
    var last: UInt64 = 0
    for part in parts {
      // Mostly neighbours, in their order.
      writer.appendVarint((part.rowset.rawValue &- last).zigzag)
      last = part.rowset.rawValue
      writer.appendVarint(UInt64(part.segment))
      writer.appendVarint(UInt64(part.version.rawValue - first.rawValue))
      Self.encode(part.rows, into: &writer)
    }
  }

  static func decode(from reader: inout ByteReader) throws -> DeletedRowsRecord {
    let tablet = TabletID(rawValue: try reader.readOrdinal("tablet id"))
    let first = try reader.readVersion("version of deletes")
    let count = try reader.readCount("count of segments with deletes", atMost: 1 << 24)
    var record = DeletedRowsRecord(tablet: tablet)
    var last: UInt64 = 0
    for _ in 0..<count {
      let step = try reader.readVarint("rowset id").unzigzag
      let rowset = last &+ UInt64(bitPattern: step)
      guard rowset < 1 << 61 else {
        throw reader.corrupt("rowset id", expected: "less than 2^61", found: "\(rowset)")
      }
      last = rowset
      let segment = try reader.readCount("segment ordinal", atMost: 1 << 20)
      let later = try reader.readCount("version of deletes", atMost: 1 << 60)
      record.parts.append(
        Part(
          rowset: RowsetID(rawValue: rowset), segment: segment,
          version: Version(first.rawValue + Int64(later)), rows: try decodeRows(&reader)))
    }
    return record
  }

  /// The number of rows, the first, and the distances of the others less one.
  static func encode(_ rows: [UInt32], into writer: inout ByteWriter) {
    writer.appendVarint(UInt64(rows.count))
    var next: UInt32 = 0
    for row in rows {
      writer.appendVarint(UInt64(row &- next))
      next = row &+ 1
    }
  }

  static func decodeRows(_ reader: inout ByteReader) throws -> [UInt32] {
    let count = try reader.readCount("deleted row count", atMost: Limits.segmentRowCountMax)
    var rows: [UInt32] = []
    var next = 0
    for _ in 0..<count {
      let row = next + (try reader.readCount("deleted row", atMost: Limits.segmentRowCountMax))
      guard row < Limits.segmentRowCountMax else {
        throw reader.corrupt(
          "deleted row", expected: "less than \(Limits.segmentRowCountMax)", found: "\(row)")
      }
      rows.append(UInt32(row))
      next = row + 1
    }
    return rows
  }
}

// Signed numbers as varints that are short when the numbers are small.
extension UInt64 {
  var zigzag: UInt64 {
    let value = Int64(bitPattern: self)
    return UInt64(bitPattern: (value << 1) ^ (value >> 63))
  }

  var unzigzag: Int64 { Int64(self >> 1) ^ -Int64(self & 1) }
}
