/// What the body of a JSON string says.
enum JSONText {
  @inline(__always) static func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
    let decimal = byte &- UInt8(ascii: "0")
    if decimal < 10 { return UInt32(decimal) }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? UInt32(letter) + 10 : nil
  }

  /// Writes the text of a string's body, which `JSONScanner` has passed, and returns its bytes:
  /// never more than the body has.
  static func unescape(
    _ body: UnsafeBufferPointer<UInt8>, to target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    var count = 0
    var index = 0
    while index < body.count {
      let byte = body[index]
      index &+= 1
      guard byte == UInt8(ascii: "\\"), index < body.count else {
        target[count] = byte
        count &+= 1
        continue
      }
      let escape = body[index]
      index &+= 1
      if escape == UInt8(ascii: "u") {
        count &+= encode(scalar(body, &index), to: target + count)
      } else {
        target[count] = byteOf(escape)
        count &+= 1
      }
    }
    return count
  }

  private static func byteOf(_ escape: UInt8) -> UInt8 {
    switch escape {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: escape
    }
  }

  /// The scalar whose digits begin at `index`, with those of the second surrogate.
  private static func scalar(_ body: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> UInt32 {
    let first = code(body, &index)
    guard first & 0xFC00 == 0xD800 else { return first }
    index &+= 2
    return 0x10000 + (first & 0x3FF) << 10 + code(body, &index) & 0x3FF
  }

  private static func code(_ body: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 where index < body.count {
      code = code << 4 | (hexadecimalDigit(body[index]) ?? 0)
      index &+= 1
    }
    return code
  }

  /// Writes 1 to 4 bytes of UTF-8.
  private static func encode(_ scalar: UInt32, to target: UnsafeMutablePointer<UInt8>) -> Int {
    func low(_ shift: UInt32) -> UInt8 {
      UInt8(truncatingIfNeeded: scalar >> shift) & 0x3F | 0x80
    }
    switch scalar {
    case ..<0x80:
      target[0] = UInt8(scalar)
      return 1
    case ..<0x800:
      target[0] = UInt8(truncatingIfNeeded: scalar >> 6) | 0xC0
      target[1] = low(0)
      return 2
    case ..<0x10000:
      target[0] = UInt8(truncatingIfNeeded: scalar >> 12) | 0xE0
      target[1] = low(6)
      target[2] = low(0)
      return 3
    default:
      target[0] = UInt8(truncatingIfNeeded: scalar >> 18) | 0xF0
      target[1] = low(12)
      target[2] = low(6)
      target[3] = low(0)
      return 4
    }
  }
}
