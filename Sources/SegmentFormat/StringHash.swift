/// Hashing and comparing of short strings for tables in memory. Neither reads outside of a string:
/// its last bytes are read as a word that overlaps the one before.
enum StringHash {
  private static let firstKey: UInt64 = 0x9E37_79B9_7F4A_7C15
  private static let secondKey: UInt64 = 0xBF58_476D_1CE4_E5B9

  /// A 64-bit hash by multiplying and folding, after wyhash (Wang Yi).
  @inline(__always) static func hash(_ start: UnsafeRawPointer, _ count: Int) -> UInt64 {
    var low: UInt64 = 0
    var high: UInt64 = 0
    if count >= 8 {
      var state = UInt64(truncatingIfNeeded: count)
      var offset = 0
      while count &- offset > 16 {
        state = fold(
          word(start, offset) ^ firstKey ^ state, word(start, offset &+ 8) ^ secondKey)
        offset &+= 16
      }
      low = state
      // What is left has at least one byte; the words may overlap each other and what was read.
      low ^= word(start, min(offset, count &- 8))
      high = word(start, count &- 8)
    } else if count >= 4 {
      low = UInt64(start.loadUnaligned(as: UInt32.self))
      high = UInt64(start.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
    } else if count > 0 {
      low = UInt64(start.load(as: UInt8.self))
      high =
        UInt64(start.load(fromByteOffset: count &>> 1, as: UInt8.self)) << 8
        | UInt64(start.load(fromByteOffset: count &- 1, as: UInt8.self))
    }
    return fold(low ^ firstKey ^ UInt64(truncatingIfNeeded: count), high ^ secondKey)
  }

  @inline(__always)
  static func areEqual(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int) -> Bool {
    if count >= 8 {
      var offset = 0
      while count &- offset > 8 {
        if word(a, offset) != word(b, offset) { return false }
        offset &+= 8
      }
      return word(a, count &- 8) == word(b, count &- 8)
    }
    if count >= 4 {
      let ends = a.loadUnaligned(as: UInt32.self) == b.loadUnaligned(as: UInt32.self)
      return ends
        && a.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
          == b.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
    }
    for offset in 0..<count
    where a.load(fromByteOffset: offset, as: UInt8.self)
      != b.load(fromByteOffset: offset, as: UInt8.self)
    { return false }
    return true
  }

  @inline(__always) private static func word(_ start: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  @inline(__always) private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
