/// A fixed number of bits, bit `i` in word `i / 64` at position `i % 64`; bits after the count
/// are zero. Used for null flags (set means null) and for selections (set means selected).
/// Fill it before sharing it; afterwards it is read-only and thread-safe.
public struct Bitmap: @unchecked Sendable {
  public let count: Int
  public let storage: AlignedBuffer

  /// All bits zero.
  public init(count: Int) {
    self.count = count
    storage = AlignedBuffer(byteCount: (count + 63) / 64 * 8, zeroed: true)
  }

  /// Any bits, for what sets all of its words.
  init(unsetCount count: Int) {
    self.count = count
    storage = AlignedBuffer(byteCount: (count + 63) / 64 * 8)
  }

  /// Takes over words already laid out; the caller guarantees zero bits after `count`.
  public init(count: Int, storage: AlignedBuffer) {
    precondition(storage.byteCount >= (count + 63) / 64 * 8)
    self.count = count
    self.storage = storage
  }

  /// The first `count` bits set.
  public static func full(count: Int) -> Bitmap {
    let bitmap = Bitmap(count: count)
    let words = bitmap.mutableWords
    for index in words.indices { words[index] = ~0 }
    if count % 64 != 0 { words[words.count - 1] = (1 << UInt64(count % 64)) - 1 }
    return bitmap
  }

  @inlinable public var wordCount: Int { (count + 63) / 64 }

  @inlinable public var words: UnsafeBufferPointer<UInt64> {
    UnsafeBufferPointer(rebasing: storage.values(as: UInt64.self)[..<wordCount])
  }

  @inlinable public var mutableWords: UnsafeMutableBufferPointer<UInt64> {
    UnsafeMutableBufferPointer(rebasing: storage.mutableValues(as: UInt64.self)[..<wordCount])
  }

  @inlinable public subscript(index: Int) -> Bool {
    words[index >> 6] >> UInt64(index & 63) & 1 != 0
  }

  @inlinable public func set(_ index: Int) {
    mutableWords[index >> 6] |= 1 << UInt64(index & 63)
  }

  /// How many bits are set; linear in the words.
  public var setCount: Int {
    var total = 0
    for word in words { total &+= word.nonzeroBitCount }
    return total
  }

  /// Calls `body` with each set position, ascending.
  @inlinable public func forEachSet(_ body: (Int) -> Void) {
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        body(index &* 64 &+ rest.trailingZeroBitCount)
        rest &= rest &- 1
      }
    }
  }
}
