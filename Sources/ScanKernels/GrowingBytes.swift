/// Raw memory that grows by doubling and becomes a buffer without being copied. The owner frees it.
struct GrowingBytes {
  private var base: UnsafeMutableRawPointer
  /// Without the padding of a buffer, which lies behind; 0 when there is no memory.
  private var capacity: Int
  /// What to ask for next.
  private var nextCapacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    self.capacity = 0
    nextCapacity = max(64, capacity)
    base = UnsafeMutableRawPointer(bitPattern: 64)!
  }

  mutating func deallocate() {
    if capacity > 0 { BlockPool.shared.give(base, byteCount: capacity + AlignedBuffer.padding) }
    capacity = 0
  }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Forgets what lies after the first `kept` bytes.
  /// - Precondition: there are so many.
  mutating func truncate(to kept: Int) {
    precondition(kept <= count)
    count = kept
  }

  /// What was appended, as a buffer; nothing is left afterwards. Memory that is mostly unused is
  /// kept, and what it holds is copied.
  mutating func finish() -> AlignedBuffer {
    defer { count = 0 }
    guard capacity > 0, count > capacity / 2 else { return .copy(of: bytes) }
    nextCapacity = capacity
    capacity = 0
    return AlignedBuffer(
      takingOver: base, byteCount: count, blockByteCount: nextCapacity + AlignedBuffer.padding)
  }

  /// Appends `byteCount` bytes without setting them; the address holds until the next call.
  /// - Parameter slack: bytes after them that may be written too, and mean nothing.
  @inline(__always)
  mutating func extend(by byteCount: Int, slack: Int = 0) -> UnsafeMutableRawPointer {
    if byteCount &+ slack > capacity &- count { grow(to: count + byteCount + slack) }
    defer { count &+= byteCount }
    return base + count
  }

  @inline(never) private mutating func grow(to required: Int) {
    let larger = max(required, capacity * 2, nextCapacity)
    let moved = BlockPool.shared.take(byteCount: larger + AlignedBuffer.padding)
    moved.copyMemory(from: base, byteCount: count)
    deallocate()
    base = moved
    capacity = larger
  }
}
