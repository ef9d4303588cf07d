import CLZ4
import CZstd
import StorageBase
import Synchronization

/// Decompresses page payloads. Thread-safe: a Zstandard context is lent to one caller at a time
/// and kept for the next.
final class PageDecompressor: Sendable {
  /// A context of the library; owned by whoever holds the object.
  private final class ZstdContext: @unchecked Sendable {
    let pointer: OpaquePointer? = ZSTD_createDCtx()
    deinit { ZSTD_freeDCtx(pointer) }
  }

  private let idle = Mutex<[ZstdContext]>([])
  /// Contexts kept when nobody uses them.
  private static let idleCountMax = 4

  /// Whether a payload can decompress to that many bytes, so that a hostile length is refused
  /// before memory is taken for it.
  func isPossible(
    _ payload: UnsafeRawBufferPointer, _ compression: PageCompression, rawByteCount: Int
  ) -> Bool {
    switch compression {
    case .none: payload.count == rawByteCount
    // A byte of an LZ4 block stands for at most 255.
    case .lz4: rawByteCount <= payload.count * 255
    case .zstd:
      ZSTD_getFrameContentSize(payload.baseAddress, payload.count) == UInt64(rawByteCount)
    }
  }

  /// Fills `target` with exactly its count of bytes; false when the payload does not decompress
  /// to that.
  func decompress(
    _ payload: UnsafeRawBufferPointer, _ compression: PageCompression,
    into target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    switch compression {
    case .none:
      guard payload.count == target.count else { return false }
      target.copyMemory(from: payload)
      return true
    case .lz4:
      guard payload.count <= Limits.pageByteCountMax, target.count <= Limits.pageByteCountMax
      else { return false }
      let count = LZ4_decompress_safe(
        payload.baseAddress?.assumingMemoryBound(to: CChar.self),
        target.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(payload.count),
        Int32(target.count))
      return Int(count) == target.count
    case .zstd:
      let context = idle.withLock { $0.popLast() } ?? ZstdContext()
      defer {
        idle.withLock { if $0.count < Self.idleCountMax { $0.append(context) } }
      }
      guard let pointer = context.pointer else { return false }
      let count = ZSTD_decompressDCtx(
        pointer, target.baseAddress, target.count, payload.baseAddress, payload.count)
      return ZSTD_isError(count) == 0 && count == target.count
    }
  }
}
