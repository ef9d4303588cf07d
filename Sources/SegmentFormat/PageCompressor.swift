import CLZ4
import CZstd
import ScanKernels
import StorageBase

/// Compresses page payloads, with contexts that live as long as a writer. Not thread-safe.
final class PageCompressor {
  private let compression: Compression
  private let output = ByteBuffer()
  private let lz4State: UnsafeMutableRawPointer?
  private let zstdContext: OpaquePointer?

  /// Payloads shorter than this are stored as they are.
  private static let payloadByteCountMin = 64

  /// False when every payload is stored as it is.
  var isActive: Bool { compression != .none }

  init(_ compression: Compression) {
    self.compression = compression
    switch compression {
    case .none:
      lz4State = nil
      zstdContext = nil
    case .lz4:
      lz4State = .allocate(byteCount: Int(LZ4_sizeofState()), alignment: 16)
      zstdContext = nil
    case .zstd:
      lz4State = nil
      zstdContext = ZSTD_createCCtx()
    }
  }

  deinit {
    lz4State?.deallocate()
    ZSTD_freeCCtx(zstdContext)
  }

  /// The payload to store: the compressed one, valid until the next call, where it saves at least
  /// that percentage; else the payload itself.
  func compress(
    _ payload: UnsafeRawBufferPointer, saving percentage: Int = 10
  ) -> (bytes: UnsafeRawBufferPointer, compression: PageCompression) {
    guard payload.count >= Self.payloadByteCountMin else { return (payload, .none) }
    // The output has only the room that is worth using; the libraries give up when it is full.
    let room = payload.count - (payload.count * percentage + 99) / 100
    output.removeAll()
    let target = output.extend(by: room)
    if let lz4State {
      let count = LZ4_compress_fast_extState(
        lz4State, payload.baseAddress?.assumingMemoryBound(to: CChar.self),
        target.assumingMemoryBound(to: CChar.self), Int32(payload.count), Int32(room), 1)
      if count > 0 { return (UnsafeRawBufferPointer(start: target, count: Int(count)), .lz4) }
    } else if let zstdContext, case .zstd(let level) = compression {
      let count = ZSTD_compressCCtx(
        zstdContext, target, room, payload.baseAddress, payload.count, Int32(level))
      if ZSTD_isError(count) == 0 {
        return (UnsafeRawBufferPointer(start: target, count: count), .zstd)
      }
    }
    return (payload, .none)
  }
}
