import StorageBase

/// Further settings of a table, each under a number, so that more can be added (see FORMAT.md).
struct TableProperties {
  var durability = Durability.sync

  /// Persistent: never change or reuse one.
  private enum Key: UInt64 {
    case durability = 1
  }

  private static let countMax = 64

  init() {}

  init(_ definition: TableDefinition) { durability = definition.durability }

  /// Only what differs from the default is written.
  func encode(into writer: inout ByteWriter) {
    let isDefault = durability == .sync
    writer.appendVarint(isDefault ? 0 : 1)
    guard !isDefault else { return }
    writer.appendVarint(Key.durability.rawValue)
    writer.append(durability.description)
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
      let text = try reader.readString("table property", atMost: Limits.nameByteCountMax)
      switch key {
      case .durability:
        guard let value = Durability(text) else {
          throw reader.corrupt("durability", expected: "a known one", found: text)
        }
        durability = value
      }
    }
  }
}
