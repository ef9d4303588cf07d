import StorageBase

/// The type numbers of a footer. Persistent: never change or reuse one.
private enum TypeCode: UInt8 {
  case bool = 1
  case int8 = 2
  case int16 = 3
  case int32 = 4
  case int64 = 5
  case float = 6
  case double = 7
  case decimal = 8
  case date = 9
  case datetime = 10
  case string = 11
}

extension DataType {
  func encode(to writer: inout ByteWriter) {
    writer.append(code.rawValue)
    if case .decimal(let precision, let scale) = self {
      writer.append(UInt8(precision))
      writer.append(UInt8(scale))
    }
  }

  private var code: TypeCode {
    switch self {
    case .bool: .bool
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .float: .float
    case .double: .double
    case .decimal: .decimal
    case .date: .date
    case .datetime: .datetime
    case .string: .string
    }
  }

  init(decoding reader: inout ByteReader) throws {
    let number = try reader.read(UInt8.self, "column type")
    guard let code = TypeCode(rawValue: number) else {
      throw reader.corrupt("column type", expected: "1...11", found: "\(number)")
    }
    switch code {
    case .bool: self = .bool
    case .int8: self = .int8
    case .int16: self = .int16
    case .int32: self = .int32
    case .int64: self = .int64
    case .float: self = .float
    case .double: self = .double
    case .date: self = .date
    case .datetime: self = .datetime
    case .string: self = .string
    case .decimal:
      let precision = Int(try reader.read(UInt8.self, "decimal precision"))
      let scale = Int(try reader.read(UInt8.self, "decimal scale"))
      guard (1...38).contains(precision), scale <= precision else {
        throw reader.corrupt(
          "decimal type", expected: "a precision of 1...38 and a scale not above it",
          found: "\(precision), \(scale)")
      }
      self = .decimal(precision: precision, scale: scale)
    }
  }
}
