/// Values of each type from the bytes of a text, without making strings of them: the fields of CSV
/// files, the members of JSON, the texts that transforms cast, and literals in conditions are all
/// read by these functions, so that a text means the same everywhere.
///
/// ```
/// bool      = "true" | "t" | "yes" | "y" | "on" | "1" | "false" | "f" | "no" | "n" | "off" | "0"
///             (letters in any case)
/// integer   = [ "+" | "-" ] digit { digit }
/// decimal   = [ "+" | "-" ] ( digit { digit } [ "." { digit } ] | "." digit { digit } )
/// floating  = decimal [ ( "e" | "E" ) integer ] | [ "+" | "-" ] ( "inf" | "infinity" | "nan" )
///             (letters in any case)
/// date      = [ "-" ] year "-" two "-" two          (a day of the proleptic Gregorian calendar)
/// datetime  = date [ ( "T" | " " ) two ":" two [ ":" two [ "." digit { digit } ] ] [ offset ] ]
/// offset    = "Z" | ( "+" | "-" ) two [ [ ":" ] two ]
/// day       = datetime                              (the day in UTC; the time is left out)
/// epoch     = integer                               (units since 1970-01-01 UTC)
/// year      = 4 to 7 digits
/// two       = 2 digits                              (hours to 23, minutes and seconds to 59)
/// ```
///
/// Nothing may stand before or after, not even a space, and digits are ASCII. Zeros before an
/// integer or a decimal do not count. A decimal with other digits than zeros beyond its scale is
/// refused, not rounded. A floating-point number is the nearest one there is, and refused when that
/// is infinite. A time without an offset is in UTC; of up to nine digits after the point, those
/// below microseconds are left out, so that no time moves to the next second or day. `DataType`
/// writes only what is read as the same value.
///
/// All are pure, linear in the bytes, and never trap.
package enum ValueText {
  @inlinable @inline(__always)
  package static func digit(_ byte: UInt8) -> UInt8? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? value : nil
  }

  /// Passes a sign; true for a minus.
  @inlinable @inline(__always)
  package static func sign(
    _ bytes: UnsafeRawBufferPointer, _ index: inout Int
  ) throws(TextProblem) -> Bool {
    guard index < bytes.count else { throw .malformed }
    let isNegative = bytes[index] == UInt8(ascii: "-")
    if isNegative || bytes[index] == UInt8(ascii: "+") { index &+= 1 }
    return isNegative
  }

  @inlinable
  package static func bool(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Bool {
    guard bytes.count <= 5 else { throw .malformed }
    // The characters from the low byte up, capitals as small letters.
    var word: UInt64 = 0
    for index in 0..<bytes.count {
      let byte = bytes[index]
      // It would not show in the word.
      guard byte != 0 else { throw .malformed }
      let isCapital = byte &- UInt8(ascii: "A") < 26
      word |= UInt64(isCapital ? byte | 0x20 : byte) &<< UInt64(index &* 8)
    }
    switch word {
    case 0x6575_7274, 0x74, 0x73_6579, 0x79, 0x6E6F, 0x31: return true
    case 0x65_736C_6166, 0x66, 0x6F6E, 0x6E, 0x66_666F, 0x30: return false
    default: throw .malformed
    }
  }

  @inlinable
  package static func integer(
    _ bytes: UnsafeRawBufferPointer, in range: ClosedRange<Int64>
  ) throws(TextProblem) -> Int64 {
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

  /// As an integer of `scale` more digits.
  /// - Precondition: `precision` is at most 18, which 64 bits hold.
  package static func decimal(
    _ bytes: UnsafeRawBufferPointer, precision: Int, scale: Int, as type: Int64.Type
  ) throws(TextProblem) -> Int64 {
    try unscaled(bytes, precision: precision, scale: scale)
  }

  /// As an integer of `scale` more digits.
  /// - Precondition: `precision` is at most 38, which 128 bits hold.
  package static func decimal(
    _ bytes: UnsafeRawBufferPointer, precision: Int, scale: Int, as type: Int128.Type
  ) throws(TextProblem) -> Int128 {
    try unscaled(bytes, precision: precision, scale: scale)
  }

  @inline(__always)
  private static func unscaled<Unscaled: FixedWidthInteger & SignedInteger>(
    _ bytes: UnsafeRawBufferPointer, precision: Int, scale: Int
  ) throws(TextProblem) -> Unscaled {
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
}
