extension ValueText {
  /// A decimal number with or without a point and an exponent, `inf`, `infinity` or `nan`;
  /// correctly rounded.
  ///
  /// With at most 2^53 before scaling and at most 10^22 to scale by, both are exact doubles and
  /// one operation rounds once (Clinger, "How to read floating point numbers accurately", 1990).
  /// Others go to the standard library.
  package static func double(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Double {
    let literal = try FloatingLiteral(bytes)
    if literal.isExact, literal.mantissa <= 1 << 53, literal.exponent.magnitude <= 22 {
      let power = powersOfTen[Int(literal.exponent.magnitude)]
      let mantissa = Double(literal.mantissa)
      let magnitude = literal.exponent < 0 ? mantissa / power : mantissa * power
      return literal.isNegative ? -magnitude : magnitude
    }
    guard let value = Double(String(decoding: bytes, as: UTF8.self)) else { throw .malformed }
    guard value.isFinite || literal.isSpecial else { throw .outOfRange }
    return value
  }

  /// As `double`, rounded once to 24 bits: going through a double could round twice.
  package static func float(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Float {
    let literal = try FloatingLiteral(bytes)
    if literal.isExact, literal.mantissa <= 1 << 24, literal.exponent.magnitude <= 10 {
      let power = Float(powersOfTen[Int(literal.exponent.magnitude)])
      let mantissa = Float(literal.mantissa)
      let magnitude = literal.exponent < 0 ? mantissa / power : mantissa * power
      return literal.isNegative ? -magnitude : magnitude
    }
    guard let value = Float(String(decoding: bytes, as: UTF8.self)) else { throw .malformed }
    guard value.isFinite || literal.isSpecial else { throw .outOfRange }
    return value
  }

  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}

/// The parts of a number's text.
private struct FloatingLiteral {
  var isNegative = false
  /// The digits without the point, when `isExact`.
  var mantissa: UInt64 = 0
  /// The power of ten that the mantissa is to be multiplied by.
  var exponent = 0
  /// False when there are more digits than the mantissa holds.
  var isExact = true
  /// An infinity or not a number.
  var isSpecial = false

  init(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) {
    var index = 0
    isNegative = try ValueText.sign(bytes, &index)
    if index < bytes.count, ValueText.digit(bytes[index]) == nil,
      bytes[index] != UInt8(ascii: ".")
    {
      try readSpecial(UnsafeRawBufferPointer(rebasing: bytes[index...]))
      return
    }
    try readDigits(bytes, &index)
    if index < bytes.count { try readExponent(bytes, &index) }
  }

  private mutating func readDigits(
    _ bytes: UnsafeRawBufferPointer, _ index: inout Int
  ) throws(TextProblem) {
    var digitCount = 0
    var hasPoint = false
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else if let digit = ValueText.digit(byte) {
        digitCount &+= 1
        if hasPoint { exponent &-= 1 }
        isExact = isExact && mantissa < UInt64.max / 10 - 1
        mantissa = mantissa &* 10 &+ UInt64(digit)
      } else {
        break
      }
      index &+= 1
    }
    guard digitCount > 0 else { throw .malformed }
  }

  private mutating func readExponent(
    _ bytes: UnsafeRawBufferPointer, _ index: inout Int
  ) throws(TextProblem) {
    guard bytes[index] | 0x20 == UInt8(ascii: "e") else { throw .malformed }
    index &+= 1
    let isNegative = try ValueText.sign(bytes, &index)
    guard index < bytes.count else { throw .malformed }
    var written = 0
    while index < bytes.count {
      guard let digit = ValueText.digit(bytes[index]) else { throw .malformed }
      // Larger ones are infinite or zero whatever the digits, and must not overflow here.
      written = min(written &* 10 &+ Int(digit), 1_000_000)
      index &+= 1
    }
    exponent &+= isNegative ? -written : written
  }

  private mutating func readSpecial(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) {
    guard ["inf", "infinity", "nan"].contains(String(decoding: bytes, as: UTF8.self).lowercased())
    else { throw .malformed }
    isSpecial = true
    isExact = false
  }
}
