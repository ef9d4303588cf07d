import StorageBase
import TabletModel

/// Rows of a tablet that have new values of some columns in deltas: with a partial load the rows
/// that it updates, with a compaction those whose deltas, or which themselves, it has moved.
struct PatchedRowsRecord: Hashable, Sendable {
  let tablet: TabletID
  var parts: [Part] = []

  struct Part: Hashable, Sendable {
    let rowset: RowsetID
    let segment: Int
    let delta: DeltaID
    let version: Version
    let pairs: PatchPairs
  }

  mutating func append(_ entry: PatchVector.Entry, of segment: RowsetSegment) {
    parts.append(
      Part(
        rowset: segment.rowset, segment: segment.ordinal, delta: entry.id, version: entry.version,
        pairs: entry.pairs))
  }
}

extension PatchedRowsRecord {
  func encode(into writer: inout ByteWriter) {
    writer.append(RecordTag.patchedRows.rawValue)
    writer.append(tablet.rawValue)
    Self.encode(parts, into: &writer)
  }

  static func decode(from reader: inout ByteReader) throws -> PatchedRowsRecord {
    let tablet = TabletID(rawValue: try reader.readOrdinal("tablet id"))
    return PatchedRowsRecord(tablet: tablet, parts: try decodeParts(from: &reader))
  }

  static func encode(_ parts: [Part], into writer: inout ByteWriter) {
    writer.appendVarint(UInt64(parts.count))
    for part in parts {
      writer.append(part.rowset.rawValue)
      writer.appendVarint(UInt64(part.segment))
      writer.append(part.delta.rowset.rawValue)
      writer.appendVarint(UInt64(part.delta.ordinal))
      writer.append(part.version.rawValue)
      DeletedRowsRecord.encode(part.pairs.rows, into: &writer)
      var last: UInt32 = 0
      for row in part.pairs.deltaRows {
        writer.appendVarint((UInt64(row) &- UInt64(last)).zigzag)
        last = row
      }
    }
  }

  static func decodeParts(from reader: inout ByteReader) throws -> [Part] {
    let count = try reader.readCount("count of patched segments", atMost: 1 << 24)
    var parts: [Part] = []
    for _ in 0..<count {
      let rowset = RowsetID(rawValue: try reader.readOrdinal("rowset id"))
      let segment = try reader.readCount("segment ordinal", atMost: 1 << 20)
      let delta = DeltaID(
        rowset: RowsetID(rawValue: try reader.readOrdinal("rowset id of a delta")),
        ordinal: try reader.readCount("ordinal of a delta", atMost: 1 << 20))
      let version = try reader.readVersion("version of a delta")
      let rows = try DeletedRowsRecord.decodeRows(&reader)
      var deltaRows: [UInt32] = []
      var last: UInt64 = 0
      for _ in rows {
        let row = last &+ UInt64(bitPattern: try reader.readVarint("row of a delta").unzigzag)
        guard row < Limits.segmentRowCountMax else {
          throw reader.corrupt(
            "row of a delta", expected: "less than \(Limits.segmentRowCountMax)", found: "\(row)")
        }
        deltaRows.append(UInt32(row))
        last = row
      }
      parts.append(
        Part(
          rowset: rowset, segment: segment, delta: delta, version: version,
          pairs: PatchPairs(rows: rows, deltaRows: deltaRows)))
    }
    return parts
  }
}
