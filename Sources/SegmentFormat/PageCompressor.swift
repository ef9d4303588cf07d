import CLZ4
import CZstd
import StorageBase

/// Compresses payloads; keeps its context and memory from page to page. Not thread-safe.
final class PageCompressor {
  private let compression: Compression
  private let output = ByteBuffer()
  private let zstd: OpaquePointer?

  init(_ compression: Compression) {
    self.compression = compression
    if case .zstd = compression { zstd = ZSTD_createCCtx() } else { zstd = nil }
  }

  deinit { ZSTD_freeCCtx(zstd) }

  /// The payload compressed, where that saves at least a tenth; otherwise as it is. The bytes are
  /// valid until the next call.
  func compress(
    _ payload: UnsafeRawBufferPointer
  ) -> (bytes: UnsafeRawBufferPointer, method: PageCompression) {
    let limit = payload.count - payload.count / 10 - 1
    guard limit > 0 else { return (payload, .none) }
    output.removeAll()
    let target = output.extend(by: limit)
    let written: Int
    let method: PageCompression
    switch compression {
    case .none: return (payload, .none)
    case .lz4:
      method = .lz4
      written = Int(
        LZ4_compress_default(
          payload.baseAddress, target.assumingMemoryBound(to: CChar.self), Int32(payload.count),
          Int32(limit)))
    case .zstd(let level):
      method = .zstd
      let result = ZSTD_compressCCtx(
        zstd, target, limit, payload.baseAddress, payload.count, Int32(level))
      written = ZSTD_isError(result) != 0 ? 0 : result
    }
    guard written > 0 else { return (payload, .none) }
    return (UnsafeRawBufferPointer(start: target, count: written), method)
  }

  /// Fills `target` from compressed bytes.
  /// - Returns: how many bytes came out, or nil when the input is malformed or does not fit.
  static func decompress(
    _ source: UnsafeRawBufferPointer, _ method: PageCompression,
    into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    switch method {
    case .none: return nil
    case .lz4:
      let count = LZ4_decompress_safe(
        source.baseAddress, target.baseAddress?.assumingMemoryBound(to: CChar.self),
        Int32(source.count), Int32(target.count))
      return count < 0 ? nil : Int(count)
    case .zstd:
      let count = ZSTD_decompress(
        target.baseAddress, target.count, source.baseAddress, source.count)
      return ZSTD_isError(count) != 0 ? nil : count
    }
  }
}
