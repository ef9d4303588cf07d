import ScanKernels
import StorageBase

/// Values of columns that are not strings as byte strings whose order is the order of the values
/// (FORMAT.md, "Terms").
enum OrderedKey {
  /// Bytes of every key of a type that is not string.
  static func width(_ type: DataType) -> Int {
    switch type.physical {
    case .float32, .float64: 8
    case let physical: physical.width
    }
  }

  /// -0 counts as 0, every NaN as one that is after infinity.
  @inline(__always) static func bits(_ number: Double) -> UInt64 {
    if number.isNaN { return Double.nan.bitPattern | 1 &<< 63 }
    let bits = (number == 0 ? 0 : number).bitPattern
    return bits &>> 63 == 0 ? bits | 1 &<< 63 : ~bits
  }

  /// Where a value of any size lies among the keys of a column.
  enum Place: Hashable {
    /// Less than every value of the type.
    case below
    case at([UInt8])
    /// Greater than every value of the type.
    case above
  }

  /// Nil for null and for a value of another kind than the type.
  static func place(of value: Value, type: DataType) -> Place? {
    switch (type, value) {
    case (.string, .string(let text)): return .at(Array(text.utf8))
    case (.float, .floating(let number)), (.double, .floating(let number)):
      return .at(bigEndian(bits(number)))
    case (_, .integer(let integer)):
      guard let range = type.integerRange else { return nil }
      if integer < range.lowerBound { return .below }
      if integer > range.upperBound { return .above }
      let wide = UInt128(bitPattern: integer) ^ 1 << UInt128(width(type) * 8 - 1)
      return .at(Array(bigEndian(wide).suffix(width(type))))
    default: return nil
    }
  }

  private static func bigEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
}
