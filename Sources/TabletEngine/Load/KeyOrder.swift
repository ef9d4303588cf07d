import ScanKernels
import StorageBase

/// Compares rows by their sort keys: column after column, null first, floating point in the total
/// order of IEEE 754 with every NaN last, strings by their bytes.
///
/// A row's *prefix* is 64 bits that order like the first key column as far as they go: of two rows
/// with different prefixes the smaller one sorts first, equal prefixes decide nothing.
enum KeyOrder {
  /// The prefix of every row of a first key column.
  static func prefixes(of vector: ColumnVector) -> [UInt64] {
    var result: [UInt64]
    switch vector.type.physical {
    case .int8: result = vector.values(as: Int8.self).map { prefix(Int64($0)) }
    case .int16: result = vector.values(as: Int16.self).map { prefix(Int64($0)) }
    case .int32: result = vector.values(as: Int32.self).map { prefix(Int64($0)) }
    case .int64: result = vector.values(as: Int64.self).map { prefix($0) }
    case .int128: result = vector.values(as: Int128.self).map { prefix(Int64($0 >> 64)) }
    case .float32: result = vector.values(as: Float.self).map { ordered(Double($0)) }
    case .float64: result = vector.values(as: Double.self).map { ordered($0) }
    case .bytes: result = (0..<vector.count).map { prefix(vector.bytes(at: $0)) }
    }
    // Nulls come first; the smallest value may share their prefix, which is allowed.
    vector.nulls?.forEachSet { result[$0] = 0 }
    return result
  }

  /// Whether rows of equal prefixes have equal values: true for types of at most 64 bits. A null
  /// shares its prefix with the smallest value.
  static func isPrefixExact(_ vector: ColumnVector) -> Bool {
    switch vector.type.physical {
    case .int8, .int16, .int32, .int64, .float32, .float64: vector.nulls == nil
    case .int128, .bytes: false
    }
  }

  /// Negative, zero or positive as row `a` of `left` sorts before, with or after row `b` of
  /// `right`.
  static func compare(_ left: ColumnVector, _ a: Int, _ right: ColumnVector, _ b: Int) -> Int {
    let leftIsNull = left.isNull(a)
    let rightIsNull = right.isNull(b)
    if leftIsNull || rightIsNull { return (rightIsNull ? 1 : 0) - (leftIsNull ? 1 : 0) }
    switch left.type.physical {
    case .int8: return order(left.values(as: Int8.self)[a], right.values(as: Int8.self)[b])
    case .int16: return order(left.values(as: Int16.self)[a], right.values(as: Int16.self)[b])
    case .int32: return order(left.values(as: Int32.self)[a], right.values(as: Int32.self)[b])
    case .int64: return order(left.values(as: Int64.self)[a], right.values(as: Int64.self)[b])
    case .int128: return order(left.values(as: Int128.self)[a], right.values(as: Int128.self)[b])
    case .float32:
      return order(
        ordered(Double(left.values(as: Float.self)[a])),
        ordered(Double(right.values(as: Float.self)[b])))
    case .float64:
      return order(
        ordered(left.values(as: Double.self)[a]), ordered(right.values(as: Double.self)[b]))
    case .bytes: return compareBytes(left.bytes(at: a), right.bytes(at: b))
    }
  }

  @inline(__always)
  private static func order<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a > b ? 1 : 0 }

  @inline(__always)
  private static func prefix(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: value) ^ (1 << 63)
  }

  /// The first eight bytes, big-endian, padded with zero.
  private static func prefix(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var result: UInt64 = 0
    for index in 0..<8 {
      result = result << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0)
    }
    return result
  }

  /// Bits that order like the number; -0 and 0 are one value, all NaNs are one value and last.
  private static func ordered(_ number: Double) -> UInt64 {
    if number.isNaN { return .max }
    let bits = (number == 0 ? 0 : number).bitPattern
    return bits >> 63 == 1 ? ~bits : bits | (1 << 63)
  }
}
