import StorageBase

extension ColumnVector {
  /// `count` rows with one value; strings as codes of a dictionary of that one.
  /// - Precondition: a column of the type can hold the value (`DataType.holds`).
  public static func constant(_ value: Value, type: DataType, count: Int) -> ColumnVector {
    let nulls = value.isNull ? Bitmap.full(count: count) : nil
    guard type.physical != .bytes else {
      var text = ""
      if case .string(let string) = value { text = string }
      let codes = AlignedBuffer(byteCount: count * 4, zeroed: true)
      return ColumnVector(
        type: type, count: count, body: .coded(codes: codes, dictionary: StringTable([text])),
        nulls: nulls)
    }
    let buffer = AlignedBuffer(byteCount: count * type.physical.width, zeroed: true)
    switch (value, type.physical) {
    case (.integer(let integer), .int8): fill(buffer, Int8(integer))
    case (.integer(let integer), .int16): fill(buffer, Int16(integer))
    case (.integer(let integer), .int32): fill(buffer, Int32(integer))
    case (.integer(let integer), .int64): fill(buffer, Int64(integer))
    case (.integer(let integer), .int128): fill(buffer, integer)
    case (.floating(let number), .float32): fill(buffer, Float(number))
    case (.floating(let number), .float64): fill(buffer, number)
    case (.null, _): break
    default: preconditionFailure("\(value) in a column of \(type)")
    }
    return ColumnVector(type: type, count: count, body: .fixed(buffer), nulls: nulls)
  }

  private static func fill<T: BitwiseCopyable>(_ buffer: AlignedBuffer, _ value: T) {
    buffer.mutableValues(as: T.self).update(repeating: value)
  }
}
