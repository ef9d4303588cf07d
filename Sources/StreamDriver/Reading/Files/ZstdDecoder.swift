import CZstd

/// Zstandard frames (RFC 8878) one after another.
final class ZstdDecoder: StreamDecoder {
  private let stream: OpaquePointer

  init() throws {
    guard let stream = ZSTD_createDStream() else { preconditionFailure("zstd: no memory") }
    self.stream = stream
  }

  deinit { ZSTD_freeDStream(stream) }

  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(DecoderFault) -> (taken: Int, put: Int, endsFrame: Bool) {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let hint = ZSTD_decompressStream(stream, &target, &source)
    guard ZSTD_isError(hint) == 0 else {
      throw DecoderFault(reason: String(cString: ZSTD_getErrorName(hint)))
    }
    return (source.pos, target.pos, hint == 0)
  }
}
