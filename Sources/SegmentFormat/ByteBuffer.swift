/// Growable raw memory, aligned to 64 bytes, that an encoder fills, empties and fills again
/// without allocating. It takes memory when it is first filled: an encoder has many buffers, of
/// which a small load needs few. Not thread-safe.
final class ByteBuffer {
  private(set) var base: UnsafeMutableRawPointer
  private(set) var count = 0
  private var capacity = 0

  private static let capacityMin = 256
  /// The address of buffers without memory; never written to.
  private static nonisolated(unsafe) let nowhere = UnsafeMutableRawPointer.allocate(
    byteCount: 64, alignment: 64)

  init() { base = Self.nowhere }

  deinit { if capacity > 0 { base.deallocate() } }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  func removeAll() { count = 0 }

  /// Appends `byteCount` bytes without setting them; the address holds until the next call.
  func extend(by byteCount: Int) -> UnsafeMutableRawPointer {
    if byteCount > capacity - count { grow(to: count + byteCount) }
    defer { count += byteCount }
    return base + count
  }

  /// Empties the buffer and makes room for `count` values, unset.
  func array<T: BitwiseCopyable>(of type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
    removeAll()
    return extend(by: count * MemoryLayout<T>.stride).assumingMemoryBound(to: T.self)
  }

  /// Drops the bytes after the first `byteCount`.
  func truncate(to byteCount: Int) {
    precondition((0...count).contains(byteCount))
    count = byteCount
  }

  @inline(never) private func grow(to required: Int) {
    let larger = max(required, capacity * 2, Self.capacityMin)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
    moved.copyMemory(from: base, byteCount: count)
    if capacity > 0 { base.deallocate() }
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

  func appendVarint(_ value: Int) {
    var rest = UInt64(value)
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }
}
