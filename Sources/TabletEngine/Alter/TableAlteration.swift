import StorageBase

/// The record of a table's new schema.
struct TableAlteration: Hashable, Sendable {
  let at: Timestamp
  let table: TableID
  let definition: TableDefinition

  func encode(into writer: inout ByteWriter) {
    writer.append(RecordTag.alterTable.rawValue)
    writer.append(at.rawValue)
    definition.encode(into: &writer, id: table)
  }

  static func decode(from reader: inout ByteReader) throws -> TableAlteration {
    let time = try reader.readTimestamp("time of the schema change")
    let (id, definition) = try TableDefinition.decode(from: &reader, .properties)
    return TableAlteration(at: time, table: id, definition: definition)
  }
}
