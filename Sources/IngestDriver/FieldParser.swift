import StorageBase

/// Why a field is not a value of its column.
enum FieldProblem: Error {
  case malformed
  case outOfRange
  case tooManyFractionDigits
  case notUTF8
  case tooLong
  case missing

  func reason(for type: DataType) -> String {
    switch self {
    case .malformed: "not a \(type)"
    case .outOfRange: "outside the range of \(type)"
    case .tooManyFractionDigits: "more digits after the point than \(type) holds"
    case .notUTF8: "not UTF-8"
    case .tooLong: "longer than \(Limits.stringByteCountMax) bytes"
    case .missing: "empty, but the column is not nullable"
    }
  }
}

/// Values of each type from the bytes of one field, without making strings of them. All are pure,
/// linear in the bytes and never trap.
enum FieldParser {
  @inline(__always) static func digit(_ byte: UInt8) -> UInt8? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? value : nil
  }

  /// `true`, `false`, `t`, `f` in any case, `1` and `0`.
  static func bool(_ bytes: UnsafeRawBufferPointer) throws(FieldProblem) -> Int64 {
    func matches(_ word: StaticString) -> Bool {
      guard bytes.count == word.utf8CodeUnitCount else { return false }
      for index in bytes.indices where bytes[index] | 0x20 != word.utf8Start[index] {
        return false
      }
      return true
    }
    if bytes.count == 1 {
      if bytes[0] == UInt8(ascii: "1") || matches("t") { return 1 }
      if bytes[0] == UInt8(ascii: "0") || matches("f") { return 0 }
    }
    if matches("true") { return 1 }
    if matches("false") { return 0 }
    throw .malformed
  }

  /// A sign or none, then decimal digits.
  static func integer(
    _ bytes: UnsafeRawBufferPointer, in range: ClosedRange<Int64>
  ) throws(FieldProblem) -> Int64 {
    var index = 0
    let isNegative = try sign(bytes, &index)
    guard index < bytes.count else { throw .malformed }
    var magnitude: UInt64 = 0
    var hasOverflowed = false
    while index < bytes.count {
      guard let digit = digit(bytes[index]) else { throw .malformed }
      let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      hasOverflowed = hasOverflowed || overflow || carry
      magnitude = sum
      index &+= 1
    }
    let limit = isNegative ? Int64.min.magnitude : Int64.max.magnitude
    guard !hasOverflowed, magnitude <= limit else { throw .outOfRange }
    let value =
      isNegative ? 0 &- Int64(truncatingIfNeeded: magnitude) : Int64(truncatingIfNeeded: magnitude)
    guard range.contains(value) else { throw .outOfRange }
    return value
  }

  /// Digits with or without a point, as an integer of `scale` more digits. Zeros may follow
  /// beyond the scale; other digits may not, since a value is never rounded silently.
  static func decimal<Unscaled: FixedWidthInteger & SignedInteger>(
    _ bytes: UnsafeRawBufferPointer, precision: Int, scale: Int, as type: Unscaled.Type
  ) throws(FieldProblem) -> Unscaled {
    var index = 0
    let isNegative = try sign(bytes, &index)
    var unscaled: Unscaled = 0
    var significantCount = 0
    var fractionCount = -1
    var digitCount = 0
    while index < bytes.count {
      let byte = bytes[index]
      index &+= 1
      if byte == UInt8(ascii: "."), fractionCount < 0 {
        fractionCount = 0
        continue
      }
      guard let digit = digit(byte) else { throw .malformed }
      digitCount &+= 1
      if fractionCount >= scale {
        guard digit == 0 else { throw .tooManyFractionDigits }
        continue
      }
      if fractionCount >= 0 { fractionCount &+= 1 }
      if digit != 0 || significantCount > 0 { significantCount &+= 1 }
      guard significantCount <= precision else { throw .outOfRange }
      unscaled = unscaled &* 10 &+ Unscaled(truncatingIfNeeded: digit)
    }
    guard digitCount > 0 else { throw .malformed }
    for _ in max(0, fractionCount)..<scale {
      if significantCount > 0 { significantCount &+= 1 }
      guard significantCount <= precision else { throw .outOfRange }
      unscaled = unscaled &* 10
    }
    return isNegative ? 0 &- unscaled : unscaled
  }

  /// Checks a string and returns nothing: the bytes are the value.
  static func checkString(_ bytes: UnsafeRawBufferPointer) throws(FieldProblem) {
    guard bytes.count <= Limits.stringByteCountMax else { throw .tooLong }
    var index = 0
    var highBits: UInt64 = 0
    while index &+ 8 <= bytes.count {
      highBits |= bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      index &+= 8
    }
    while index < bytes.count {
      highBits |= UInt64(bytes[index])
      index &+= 1
    }
    if highBits & 0x8080_8080_8080_8080 != 0, !isUTF8(bytes) { throw .notUTF8 }
  }

  /// Whether the bytes are well-formed UTF-8.
  static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)
      return true
    } catch { return false }
  }

  /// Passes a sign; true for a minus.
  @inline(__always) static func sign(
    _ bytes: UnsafeRawBufferPointer, _ index: inout Int
  ) throws(FieldProblem) -> Bool {
    guard index < bytes.count else { throw .malformed }
    let isNegative = bytes[index] == UInt8(ascii: "-")
    if isNegative || bytes[index] == UInt8(ascii: "+") { index &+= 1 }
    return isNegative
  }
}
