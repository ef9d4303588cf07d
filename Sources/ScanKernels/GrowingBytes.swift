/// Raw memory of the pool, aligned to 64 bytes, that grows by doubling and becomes a buffer without
/// being copied. It takes memory when it is first filled. The owner frees it.
@usableFromInline
struct GrowingBytes {
  @usableFromInline private(set) var base: UnsafeMutableRawPointer
  /// Without the padding of a buffer, which lies behind; 0 when there is no memory.
  @usableFromInline private(set) var capacity: Int
  /// What to ask for next.
  private var nextCapacity: Int
  @usableFromInline var count = 0

  /// The address of what has no memory; never written to.
  private static nonisolated(unsafe) let nowhere = UnsafeMutableRawPointer.allocate(
    byteCount: 64, alignment: 64)

  init(capacity: Int) {
    self.capacity = 0
    nextCapacity = max(64, capacity)
    base = Self.nowhere
  }

  mutating func deallocate() {
    if capacity > 0 { BlockPool.shared.give(base, byteCount: capacity + AlignedBuffer.padding) }
    capacity = 0
  }

  @inlinable var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: count)
  }

  /// Forgets what lies after the first `kept` bytes.
  /// - Precondition: there are so many.
  @inlinable mutating func truncate(to kept: Int) {
    precondition((0...count).contains(kept))
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
  @inlinable @inline(__always)
  mutating func extend(by byteCount: Int, slack: Int = 0) -> UnsafeMutableRawPointer {
    if byteCount &+ slack > capacity &- count { grow(to: count + byteCount + slack) }
    defer { count &+= byteCount }
    return base + count
  }

  @usableFromInline @inline(never) mutating func grow(to required: Int) {
    let larger = max(required, capacity * 2, nextCapacity)
    let moved = BlockPool.shared.take(byteCount: larger + AlignedBuffer.padding)
    moved.copyMemory(from: base, byteCount: count)
    deallocate()
    base = moved
    capacity = larger
  }
}
