import StorageBase

/// The promised rows of one table in a checkpoint (see FORMAT.md).
struct GroupRowsSection: Sendable {
  var table: TableID
  /// The ordinal that the next record gets.
  var nextOrdinal: UInt64
  /// Records that no group load has made visible yet, in order.
  var records: [GroupRowsRecord]

  static func encode(_ sections: [GroupRowsSection], into writer: inout ByteWriter) {
    writer.appendVarint(UInt64(sections.count))
    for section in sections {
      writer.append(section.table.rawValue)
      writer.append(section.nextOrdinal)
      writer.appendVarint(UInt64(section.records.count))
      for record in section.records { record.encodeReference(into: &writer) }
    }
  }

  static func decode(from reader: inout ByteReader) throws -> [GroupRowsSection] {
    var sections: [GroupRowsSection] = []
    let count = try reader.readCount("count of tables with group rows", atMost: 1 << 20)
    for _ in 0..<count {
      let table = TableID(rawValue: try reader.readSmallOrdinal("table id"))
      let next = try reader.readOrdinal("next ordinal of group rows")
      let recordCount = try reader.readCount("count of group rows", atMost: 1 << 28)
      var records: [GroupRowsRecord] = []
      for _ in 0..<recordCount {
        records.append(try GroupRowsRecord.decodeReference(from: &reader, table: table))
      }
      sections.append(GroupRowsSection(table: table, nextOrdinal: next, records: records))
    }
    return sections
  }
}
