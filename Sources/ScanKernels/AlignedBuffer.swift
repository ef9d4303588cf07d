/// Raw memory aligned to 64 bytes with 64 readable bytes after its end, so that kernels may load
/// whole vectors. Fill it before sharing it; afterwards it is read-only and thread-safe.
public final class AlignedBuffer: @unchecked Sendable {
  /// Bytes after the end that may be read (not used).
  public static let padding = 64

  @usableFromInline let base: UnsafeMutableRawPointer
  /// The logical length in bytes.
  public let byteCount: Int
  /// What the memory was asked of the pool with.
  private let blockByteCount: Int

  /// - Parameter zeroed: fills the bytes with zero; the padding always is.
  public init(byteCount: Int, zeroed: Bool = false) {
    precondition(byteCount >= 0)
    self.byteCount = byteCount
    blockByteCount = byteCount + Self.padding
    base = BlockPool.shared.take(byteCount: blockByteCount)
    let start = zeroed ? 0 : byteCount
    UnsafeMutableRawBufferPointer(
      start: base + start, count: byteCount + Self.padding - start
    ).initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// Takes over memory of the pool that holds `byteCount` bytes; the padding is set here.
  /// - Precondition: `blockByteCount`, with which it was taken, leaves room for the padding.
  init(takingOver base: UnsafeMutableRawPointer, byteCount: Int, blockByteCount: Int) {
    precondition(byteCount + Self.padding <= blockByteCount)
    self.base = base
    self.byteCount = byteCount
    self.blockByteCount = blockByteCount
    UnsafeMutableRawBufferPointer(start: base + byteCount, count: Self.padding)
      .initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { BlockPool.shared.give(base, byteCount: blockByteCount) }

  @inlinable public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: byteCount)
  }

  @inlinable public var mutableBytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  /// The memory as values of `T`; valid while the buffer is held.
  @inlinable public func values<T: BitwiseCopyable>(as type: T.Type) -> UnsafeBufferPointer<T> {
    UnsafeBufferPointer(
      start: UnsafePointer(base.assumingMemoryBound(to: T.self)),
      count: byteCount / MemoryLayout<T>.stride)
  }

  @inlinable public func mutableValues<T: BitwiseCopyable>(
    as type: T.Type
  ) -> UnsafeMutableBufferPointer<T> {
    UnsafeMutableBufferPointer(
      start: base.assumingMemoryBound(to: T.self), count: byteCount / MemoryLayout<T>.stride)
  }

  public static func copy(of bytes: UnsafeRawBufferPointer) -> AlignedBuffer {
    let buffer = AlignedBuffer(byteCount: bytes.count)
    buffer.mutableBytes.copyMemory(from: bytes)
    return buffer
  }

  /// A buffer holding these values.
  public static func of<T: BitwiseCopyable>(_ values: [T]) -> AlignedBuffer {
    values.withUnsafeBytes { copy(of: $0) }
  }
}
