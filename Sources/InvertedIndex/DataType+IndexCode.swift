import StorageBase

/// The three bytes of the footer that name a type.
extension DataType {
  private static let plain: [DataType] = [
    .bool, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 1, scale: 0),
    .date, .datetime, .string,
  ]
  private static let decimalCode: UInt8 = 8

  var indexCode: [UInt8] {
    if case .decimal(let precision, let scale) = self {
      return [Self.decimalCode, UInt8(precision), UInt8(scale)]
    }
    guard let index = Self.plain.firstIndex(of: self) else {
      preconditionFailure("\(self) has no code")
    }
    return [UInt8(index + 1), 0, 0]
  }

  init?(indexCode code: [UInt8]) {
    let (precision, scale) = (Int(code[1]), Int(code[2]))
    if code[0] == Self.decimalCode {
      guard (1...38).contains(precision), scale <= precision else { return nil }
      self = .decimal(precision: precision, scale: scale)
    } else {
      guard (1...Self.plain.count).contains(Int(code[0])), precision == 0, scale == 0 else {
        return nil
      }
      self = Self.plain[Int(code[0]) - 1]
    }
  }
}
