import StorageBase

extension DataType {
  /// The value that a field of an input file with this text has in a column of this type; for
  /// single values that people write, such as the default of a column.
  ///
  /// Dates are `YYYY-MM-DD`, datetimes as ISO 8601 has them; decimals have at most as many digits
  /// after the point as the type (`ValueText` has the grammar).
  /// - Throws: `StorageError.invalidArgument` saying what is wrong with the text.
  public func value(ofField text: String) throws -> Value {
    do {
      if self == .string {
        try Array(text.utf8).withUnsafeBytes { try ValueText.checkString($0) }
        return .string(text)
      }
      return try Array(text.utf8).withUnsafeBytes { try number($0) }
    } catch let problem as TextProblem {
      throw StorageError.invalidArgument(
        name: "value", value: "'\(text)'", reason: problem.reason(for: self))
    }
  }

  private func number(_ bytes: UnsafeRawBufferPointer) throws -> Value {
    switch self {
    case .bool: .integer(try ValueText.bool(bytes) ? 1 : 0)
    case .int8, .int16, .int32, .int64:
      .integer(Int128(try ValueText.integer(bytes, in: narrowRange)))
    case .float: .floating(Double(try ValueText.float(bytes)))
    case .double: .floating(try ValueText.double(bytes))
    case .decimal(let precision, let scale):
      .integer(
        try ValueText.decimal(bytes, precision: precision, scale: scale, as: Int128.self))
    case .date: .integer(Int128(try ValueText.day(bytes)))
    case .datetime: .integer(Int128(try ValueText.datetime(bytes)))
    case .string: preconditionFailure("a string is no number")
    }
  }

  private var narrowRange: ClosedRange<Int64> {
    let range = integerRange ?? 0...0
    return Int64(range.lowerBound)...Int64(range.upperBound)
  }
}
