import ScanKernels
import StorageBase

/// The key columns of a window as bytes: equal keys have equal ones. Part of the format of states.
enum WindowKey {
  /// 0 for null; else 1 and the value: integers in 8 bytes, decimals of more than 18 digits in 16,
  /// floating-point numbers as the bits of a double, strings with their length before them.
  static func append(_ value: Value, of type: DataType, to writer: inout ByteWriter) {
    guard !value.isNull else { return writer.append(UInt8(0)) }
    writer.append(UInt8(1))
    switch value {
    case .null: break
    case .integer(let integer):
      if type.physical == .int128 {
        writer.append(integer)
      } else {
        writer.append(Int64(truncatingIfNeeded: integer))
      }
    case .floating(let number): writer.append(number)
    case .string(let text): writer.append(text)
    }
  }

  /// - Throws: `StorageError.corrupt` for what is no value of the column.
  static func read(_ column: Column, from reader: inout ByteReader) throws -> Value {
    let place = reader
    guard try reader.readFlag("presence of a key") else {
      guard column.isNullable else {
        throw place.corrupt("key", expected: "a value of \(column.name)", found: "null")
      }
      return .null
    }
    switch column.type.physical {
    case .float32, .float64: return .floating(try reader.readDouble("key"))
    case .bytes: return .string(try reader.readString("key", atMost: Limits.stringByteCountMax))
    case .int8, .int16, .int32, .int64, .int128:
      let isWide = column.type.physical == .int128
      let value =
        isWide ? try reader.readInt128("key") : Int128(try reader.read(Int64.self, "key"))
      guard let range = column.type.integerRange, range.contains(value) else {
        throw place.corrupt("key", expected: "a \(column.type)", found: "\(value)")
      }
      return .integer(value)
    }
  }
}
