import StorageBase

/// Growable raw memory, aligned to 64 bytes, that an encoder fills, empties and fills again without
/// allocating. It takes memory when it is first filled: an encoder has many buffers, of which a
/// small load needs few. Not thread-safe.
public final class ByteBuffer {
  // A class checks each access for overlap at run time, which costs more than an append; nothing
  // here holds the memory while it calls out.
  @exclusivity(unchecked) @usableFromInline var memory: GrowingBytes

  /// - Parameter capacity: bytes to take at the first use; 256 unless told.
  public init(capacity: Int = 256) { memory = GrowingBytes(capacity: capacity) }

  deinit { memory.deallocate() }

  /// Where the bytes lie until more are appended.
  @inlinable public var base: UnsafeMutableRawPointer { memory.base }
  @inlinable public var count: Int { memory.count }
  @inlinable public var bytes: UnsafeRawBufferPointer { memory.bytes }

  /// Forgets all bytes and keeps the memory.
  @inlinable public func removeAll() { memory.count = 0 }

  /// Drops the bytes after the first `byteCount`.
  /// - Precondition: there are so many.
  @inlinable public func truncate(to byteCount: Int) { memory.truncate(to: byteCount) }

  /// Appends `byteCount` bytes without setting them; the address holds until the next call.
  @inlinable @inline(__always)
  public func extend(by byteCount: Int) -> UnsafeMutableRawPointer {
    memory.extend(by: byteCount)
  }

  /// Empties the buffer and makes room for `count` values, unset.
  @inlinable public func array<T: BitwiseCopyable>(
    of type: T.Type, count: Int
  ) -> UnsafeMutablePointer<T> {
    removeAll()
    return extend(by: count * MemoryLayout<T>.stride).assumingMemoryBound(to: T.self)
  }

  /// Appends an integer, little-endian.
  @inlinable public func append<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    extend(by: MemoryLayout<T>.size).storeBytes(of: value.littleEndian, as: T.self)
  }

  @inlinable public func append(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    extend(by: bytes.count).copyMemory(from: start, byteCount: bytes.count)
  }

  /// Appends an integer in groups of seven bits, the low ones first.
  /// - Precondition: `value` is not negative.
  @inlinable @inline(__always) public func appendVarint(_ value: Int) {
    var rest = UInt64(value)
    let start = extend(by: 10)
    var length = 0
    while rest >= 0x80 {
      start.storeBytes(
        of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: length, as: UInt8.self)
      rest &>>= 7
      length &+= 1
    }
    start.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: length, as: UInt8.self)
    memory.count &-= 9 &- length
  }

  /// Appends the CRC32C of the bytes from `start`, as four bytes.
  public func seal(from start: Int = 0) {
    append(crc32c(UnsafeRawBufferPointer(rebasing: bytes[start...])))
  }
}
