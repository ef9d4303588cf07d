/// Takes a byte string apart into characters; bytes that are no UTF-8 come out one by one.
struct UTF8Scanner {
  enum Element {
    case ascii(UInt8)
    case scalar(Unicode.Scalar)
    case invalid(UInt8)
  }

  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  @inline(__always) mutating func next() -> Element? {
    guard position < bytes.count else { return nil }
    let byte = bytes[position]
    if byte < 0x80 {
      position &+= 1
      return .ascii(byte)
    }
    return nextWide(byte)
  }

  private mutating func nextWide(_ lead: UInt8) -> Element {
    let (length, leastValue): (Int, UInt32) =
      switch lead {
      case 0xC2...0xDF: (2, 0x80)
      case 0xE0...0xEF: (3, 0x800)
      case 0xF0...0xF4: (4, 0x10000)
      default: (0, 0)
      }
    guard length > 0, length <= bytes.count - position else { return invalid(lead) }
    var value = UInt32(lead) & (0x7F >> UInt32(length))
    for offset in 1..<length {
      let byte = bytes[position + offset]
      guard byte & 0xC0 == 0x80 else { return invalid(lead) }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    guard value >= leastValue, let scalar = Unicode.Scalar(value) else { return invalid(lead) }
    position += length
    return .scalar(scalar)
  }

  private mutating func invalid(_ byte: UInt8) -> Element {
    position += 1
    return .invalid(byte)
  }
}
