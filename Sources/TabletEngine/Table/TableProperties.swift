import StorageBase

/// Further settings of a table, each under a number, so that more can be added (see FORMAT.md).
struct TableProperties {
  var durability = Durability.sync
  var schema = SchemaProperties()

  /// Persistent: never change or reuse one.
  private enum Key: UInt64 {
    case durability = 1
    case schemaVersion = 16
    case nextColumnID = 17
    case columnDefault = 18

    var byteCountMax: Int {
      self == .columnDefault ? SchemaProperties.defaultByteCountMax : Limits.nameByteCountMax
    }
  }

  private static let countMax = Limits.columnCountMax + 64

  init() {}

  init(_ definition: TableDefinition) {
    durability = definition.durability
    schema = SchemaProperties(definition)
  }

  /// Only what differs from the default is written.
  func encode(into writer: inout ByteWriter) {
    let entries = entries
    writer.appendVarint(UInt64(entries.count))
    for (key, text) in entries {
      writer.appendVarint(key.rawValue)
      writer.append(text)
    }
  }

  private var entries: [(key: Key, text: String)] {
    var entries: [(key: Key, text: String)] = []
    if durability != .sync { entries.append((.durability, durability.description)) }
    if schema.version != 0 { entries.append((.schemaVersion, "\(schema.version)")) }
    if let next = schema.nextColumnID { entries.append((.nextColumnID, "\(next)")) }
    for (column, value) in schema.defaults {
      entries.append((.columnDefault, SchemaProperties.text(column, value)))
    }
    return entries
  }

  /// - Throws: `StorageError.corrupt` for a property that this program does not know: what it
  ///   means must not be ignored.
  init(decoding reader: inout ByteReader) throws {
    let count = try reader.readCount("table property count", atMost: Self.countMax)
    for _ in 0..<count {
      let number = try reader.readVarint("table property")
      guard let key = Key(rawValue: number) else {
        throw reader.corrupt("table property", expected: "a known one", found: "\(number)")
      }
      let text = try reader.readString("table property", atMost: key.byteCountMax)
      switch key {
      case .durability:
        guard let value = Durability(text) else {
          throw reader.corrupt("durability", expected: "a known one", found: text)
        }
        durability = value
      case .schemaVersion:
        guard let version = Int32(text), version >= 0 else {
          throw reader.corrupt("schema version", expected: "a small number", found: text)
        }
        schema.version = Int(version)
      case .nextColumnID:
        guard let id = UInt32(text), id <= Limits.columnIDMax + 1 else {
          throw reader.corrupt(
            "next column id", expected: "at most \(Limits.columnIDMax + 1)", found: text)
        }
        schema.nextColumnID = ColumnID(rawValue: id)
      case .columnDefault:
        guard let entry = SchemaProperties.parse(text) else {
          throw reader.corrupt("column default", expected: "a column and a value", found: text)
        }
        schema.defaults.append(entry)
      }
    }
  }
}
