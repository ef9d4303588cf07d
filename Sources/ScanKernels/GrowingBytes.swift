/// Raw memory that grows by doubling. The owner frees it.
struct GrowingBytes {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    self.capacity = max(64, capacity)
    base = .allocate(byteCount: self.capacity, alignment: 64)
  }

  func deallocate() { base.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  mutating func removeAll() { count = 0 }

  /// Forgets what lies after the first `kept` bytes.
  /// - Precondition: there are so many.
  mutating func truncate(to kept: Int) {
    precondition(kept <= count)
    count = kept
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
    let larger = max(required, capacity * 2)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
    moved.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = moved
    capacity = larger
  }
}
