/// The tokens of one value: their bytes, one after another, and where each begins. Reused from row
/// to row, so that tokenizing allocates nothing. Not thread-safe.
final class TokenBuffer {
  /// Bytes behind the last token that may be read, so that a hash can load whole words.
  private static let slack = 16

  private(set) var bytes: UnsafeMutablePointer<UInt8>
  private var byteCapacity: Int
  /// `count + 1` offsets into `bytes`, the first 0.
  private(set) var bounds: UnsafeMutablePointer<Int32>
  private var boundCapacity: Int
  private(set) var count = 0

  init() {
    byteCapacity = 1024
    boundCapacity = 256
    bytes = .allocate(capacity: byteCapacity + Self.slack)
    bytes.initialize(repeating: 0, count: byteCapacity + Self.slack)
    bounds = .allocate(capacity: boundCapacity)
    bounds[0] = 0
  }

  deinit {
    bytes.deallocate()
    bounds.deallocate()
  }

  func removeAll() { count = 0 }

  var byteCount: Int { Int(bounds[count]) }

  @inline(__always) subscript(token: Int) -> UnsafeRawBufferPointer {
    let start = Int(bounds[token])
    return UnsafeRawBufferPointer(start: bytes + start, count: Int(bounds[token &+ 1]) &- start)
  }

  /// Makes room for a value of `valueByteCount` bytes: that many tokens, each byte in as many
  /// bytes as `growth` says. Empties the buffer.
  func prepare(valueByteCount: Int, growth: Int = 1) {
    count = 0
    if valueByteCount * growth > byteCapacity || valueByteCount >= boundCapacity {
      grow(bytes: valueByteCount * growth, tokens: valueByteCount)
    }
  }

  @inline(never) private func grow(bytes wanted: Int, tokens: Int) {
    bytes.deallocate()
    bounds.deallocate()
    byteCapacity = max(wanted, byteCapacity) * 2
    boundCapacity = max(tokens + 1, boundCapacity) * 2
    bytes = .allocate(capacity: byteCapacity + Self.slack)
    bytes.initialize(repeating: 0, count: byteCapacity + Self.slack)
    bounds = .allocate(capacity: boundCapacity)
    bounds[0] = 0
  }

  /// Ends a token at `end`, an offset into `bytes`; it began where the one before ended. Longer
  /// ones than a token may be are cut, never inside a UTF-8 sequence.
  @inline(__always) func endToken(at end: Int) {
    if end &- Int(bounds[count]) > IndexLayout.tokenByteCountMax { cut(to: end) }
    count &+= 1
    bounds[count] = Int32(truncatingIfNeeded: end)
  }

  @inline(never) private func cut(to end: Int) {
    while end - Int(bounds[count]) > IndexLayout.tokenByteCountMax {
      let start = Int(bounds[count])
      var cut = start + IndexLayout.tokenByteCountMax
      while bytes[cut] & 0xC0 == 0x80, cut > start + 1 { cut -= 1 }
      count += 1
      bounds[count] = Int32(cut)
    }
  }

  /// Ends a token that may be of any length.
  func endWhole(at end: Int) {
    count += 1
    bounds[count] = Int32(end)
  }
}
