import StorageBase
import TabletModel

extension Checkpoint.Tablet {
  func encodeDeletes(into writer: inout ByteWriter) {
    writer.appendVarint(UInt64(deletes.reduce(0) { $0 + $1.value.count }))
    for (rowset, segments) in deletes.sorted(by: { $0.key < $1.key }) {
      for (ordinal, history) in segments.sorted(by: { $0.key < $1.key }) {
        writer.append(rowset.rawValue)
        writer.appendVarint(UInt64(ordinal))
        writer.appendVarint(UInt64(history.entries.count))
        for entry in history.entries {
          writer.append(entry.version.rawValue)
          DeletedRowsRecord.encode(entry.rows, into: &writer)
        }
      }
    }
  }

  mutating func decodeDeletes(from reader: inout ByteReader) throws {
    let count = try reader.readCount("count of segments with deletes", atMost: 1 << 24)
    for _ in 0..<count {
      let rowset = RowsetID(rawValue: try reader.readOrdinal("rowset id"))
      let ordinal = try reader.readCount("segment ordinal", atMost: 1 << 20)
      guard let segments = placements[rowset], ordinal < segments.count else {
        throw reader.corrupt(
          "deletes", expected: "a segment of the tablet", found: "\(ordinal) of \(rowset)")
      }
      let entryCount = try reader.readCount("count of versions with deletes", atMost: 1 << 24)
      var history = DeleteHistory()
      for _ in 0..<entryCount {
        let version = try reader.readVersion("version of deletes")
        guard history.newest.map({ $0 < version }) ?? true else {
          throw reader.corrupt(
            "version of deletes", expected: "a later one", found: "\(version)")
        }
        history.add(try DeletedRowsRecord.decodeRows(&reader), version: version)
      }
      deletes[rowset, default: [:]][ordinal] = history
    }
  }

  mutating func decodePatches(from reader: inout ByteReader) throws {
    patches = try PatchedRowsRecord.decodeParts(from: &reader)
    for part in patches {
      for (rowset, ordinal) in [
        (part.rowset, part.segment), (part.delta.rowset, part.delta.ordinal),
      ]
      where ordinal >= placements[rowset]?.count ?? 0 {
        throw reader.corrupt(
          "patches", expected: "a segment of the tablet", found: "\(ordinal) of \(rowset)")
      }
    }
  }
}
