import SegmentFormat
import StorageBase

/// Further settings of a table, each under a number, so that more can be added (see FORMAT.md).
struct TableProperties {
  var durability = Durability.sync
  var uniqueKeys = UniqueKeyOptions()
  /// Of `uniqueKeys`.
  var sequenceColumn: ColumnID?
  var rowStore: StoredRows?
  var rowStoreCompression = Compression.none
  var schema = SchemaProperties()

  /// Persistent: never change or reuse one.
  private enum Key: UInt64 {
    case durability = 1
    case merge = 2
    case keyIndex = 3
    case sequenceColumn = 4
    case rowStore = 6
    case partialUpdates = 7
    case rowStoreCompression = 8
    case schemaVersion = 16
    case nextColumnID = 17
    case columnDefault = 18

    var byteCountMax: Int {
      switch self {
      case .columnDefault: SchemaProperties.defaultByteCountMax
      case .rowStore: StoredRows.textByteCountMax
      default: Limits.nameByteCountMax
      }
    }
  }

  private static let countMax = Limits.columnCountMax + 64

  init() {}

  init(_ definition: TableDefinition) {
    durability = definition.durability
    uniqueKeys = definition.uniqueKeys ?? UniqueKeyOptions()
    sequenceColumn = uniqueKeys.sequenceColumn
      .flatMap { definition.schema.index(of: $0) }.map { definition.schema.columns[$0].id }
    rowStore = definition.rowStore
    rowStoreCompression = definition.rowStoreCompression
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
    let usual = UniqueKeyOptions()
    var entries: [(key: Key, text: String)] = []
    if durability != .sync { entries.append((.durability, durability.description)) }
    if uniqueKeys.merge != usual.merge { entries.append((.merge, uniqueKeys.merge.rawValue)) }
    if uniqueKeys.index != usual.index { entries.append((.keyIndex, uniqueKeys.index.rawValue)) }
    if let sequenceColumn { entries.append((.sequenceColumn, "\(sequenceColumn.rawValue)")) }
    if uniqueKeys.partialUpdates != usual.partialUpdates {
      entries.append((.partialUpdates, uniqueKeys.partialUpdates.rawValue))
    }
    if let rowStore { entries.append((.rowStore, rowStore.text)) }
    if rowStoreCompression != .none {
      entries.append((.rowStoreCompression, rowStoreCompression.description))
    }
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
      func value<T>(_ parsed: T?) throws -> T {
        if let parsed { return parsed }
        throw reader.corrupt("table property \(key)", expected: "a known value", found: text)
      }
      switch key {
      case .durability: durability = try value(Durability(text))
      case .merge: uniqueKeys.merge = try value(UniqueKeyOptions.Merge(rawValue: text))
      case .keyIndex: uniqueKeys.index = try value(UniqueKeyOptions.Index(rawValue: text))
      case .partialUpdates:
        uniqueKeys.partialUpdates = try value(PartialUpdate.Strategy(rawValue: text))
      case .sequenceColumn: sequenceColumn = ColumnID(rawValue: try value(UInt32(text)))
      case .rowStore: rowStore = try value(StoredRows(text: text))
      case .rowStoreCompression: rowStoreCompression = try value(Compression(text))
      case .schemaVersion:
        schema.version = Int(try value(Int32(text).flatMap { $0 < 0 ? nil : $0 }))
      case .nextColumnID:
        let id = try value(UInt32(text).flatMap { $0 <= Limits.columnIDMax + 1 ? $0 : nil })
        schema.nextColumnID = ColumnID(rawValue: id)
      case .columnDefault: schema.defaults.append(try value(SchemaProperties.parse(text)))
      }
    }
  }

  /// The options of a table with this schema; nil when its keys are not unique.
  func uniqueKeys(of schema: Schema, _ reader: ByteReader) throws -> UniqueKeyOptions? {
    guard schema.keysModel == .unique else { return nil }
    var options = uniqueKeys
    if let id = sequenceColumn {
      guard let index = schema.index(of: id) else {
        throw reader.corrupt("sequence column", expected: "a column id", found: "\(id)")
      }
      options.sequenceColumn = schema.columns[index].name
    }
    return options
  }
}
