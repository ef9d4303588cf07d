import StorageBase

/// Numbers and flags as people write them, from bytes, without allocating; nil for what is not one.
enum TextNumber {
  /// Digits with or without a sign.
  static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    var index = 0
    let isNegative = sign(bytes, &index)
    guard index < bytes.count, bytes.count - index <= 19 else { return nil }
    var magnitude: UInt64 = 0
    while index < bytes.count {
      let digit = bytes[index] &- 0x30
      guard digit <= 9 else { return nil }
      magnitude = magnitude &* 10 &+ UInt64(digit)
      index &+= 1
    }
    // 19 digits fit 64 bits without a sign.
    if isNegative {
      return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
    }
    return Int64(exactly: magnitude)
  }

  /// Digits with or without a point, as an integer of `scale` more digits. Digits beyond the scale
  /// must be zero: what is read is never rounded.
  static func decimal(
    _ bytes: UnsafeRawBufferPointer, precision: Int, scale: Int
  ) -> Int128? {
    var index = 0
    let isNegative = sign(bytes, &index)
    var (unscaled, digitCount, significantCount): (Int128, Int, Int) = (0, 0, 0)
    var fractionCount = -1
    while index < bytes.count {
      let byte = bytes[index]
      index &+= 1
      if byte == UInt8(ascii: "."), fractionCount < 0 {
        fractionCount = 0
        continue
      }
      let digit = byte &- 0x30
      guard digit <= 9 else { return nil }
      digitCount &+= 1
      if fractionCount >= scale {
        guard digit == 0 else { return nil }
        continue
      }
      if fractionCount >= 0 { fractionCount &+= 1 }
      if digit != 0 || significantCount > 0 { significantCount &+= 1 }
      guard significantCount <= precision else { return nil }
      unscaled = unscaled &* 10 &+ Int128(truncatingIfNeeded: digit)
    }
    guard digitCount > 0 else { return nil }
    for _ in max(0, fractionCount)..<scale where unscaled != 0 {
      significantCount &+= 1
      guard significantCount <= precision else { return nil }
      unscaled = unscaled &* 10
    }
    return isNegative ? 0 &- unscaled : unscaled
  }

  /// What Swift reads as a number, infinities and NaN among it.
  static func double(_ bytes: UnsafeRawBufferPointer) -> Double? {
    Double(String(decoding: bytes, as: UTF8.self))
  }

  /// `true`, `false`, `yes`, `no`, `t`, `f`, `y`, `n`, `1` or `0`, in any case.
  static func bool(_ bytes: UnsafeRawBufferPointer) -> Bool? {
    switch String(decoding: bytes, as: UTF8.self).lowercased() {
    case "true", "t", "yes", "y", "1": true
    case "false", "f", "no", "n", "0": false
    default: nil
    }
  }

  private static func sign(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) -> Bool {
    guard let first = bytes.first else { return false }
    let isNegative = first == UInt8(ascii: "-")
    if isNegative || first == UInt8(ascii: "+") { index = 1 }
    return isNegative
  }
}
