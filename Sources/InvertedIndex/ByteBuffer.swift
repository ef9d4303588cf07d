import StorageBase

/// Growable raw memory that an encoder fills, empties and fills again without allocating. Not
/// thread-safe.
final class ByteBuffer {
  private(set) var base: UnsafeMutableRawPointer
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 256) {
    self.capacity = capacity
    base = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  func removeAll() { count = 0 }

  /// Drops the bytes after the first `byteCount`.
  func truncate(to byteCount: Int) {
    precondition((0...count).contains(byteCount))
    count = byteCount
  }

  /// Appends `byteCount` bytes without setting them; the address holds until the next call.
  @inline(__always) func extend(by byteCount: Int) -> UnsafeMutableRawPointer {
    if byteCount > capacity &- count { grow(to: count + byteCount) }
    defer { count &+= byteCount }
    return base + count
  }

  @inline(never) private func grow(to required: Int) {
    let larger = max(required, capacity * 2)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    moved.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = moved
    capacity = larger
  }

  func append<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    extend(by: MemoryLayout<T>.size).storeBytes(of: value.littleEndian, as: T.self)
  }

  func append(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    extend(by: bytes.count).copyMemory(from: start, byteCount: bytes.count)
  }

  @inline(__always) func appendVarint(_ value: Int) {
    var rest = UInt64(truncatingIfNeeded: value)
    let start = extend(by: 10)
    var length = 0
    while rest >= 0x80 {
      start.storeBytes(
        of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: length, as: UInt8.self)
      rest &>>= 7
      length &+= 1
    }
    start.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: length, as: UInt8.self)
    count &-= 9 &- length
  }

  /// The CRC32C of the bytes from `start`, as four bytes.
  func seal(from start: Int = 0) {
    append(crc32c(UnsafeRawBufferPointer(rebasing: bytes[start...])))
  }
}
