import CLZ4

/// LZ4 frames one after another.
final class LZ4FrameDecoder: StreamDecoder {
  private let context: OpaquePointer

  init() throws {
    var made: OpaquePointer?
    let code = LZ4F_createDecompressionContext(&made, UInt32(LZ4F_VERSION))
    guard LZ4F_isError(code) == 0, let made else { preconditionFailure("lz4: no memory") }
    context = made
  }

  deinit { LZ4F_freeDecompressionContext(context) }

  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(DecoderFault) -> (taken: Int, put: Int, endsFrame: Bool) {
    var taken = input.count
    var put = output.count
    let hint = LZ4F_decompress(context, output.baseAddress, &put, input.baseAddress, &taken, nil)
    guard LZ4F_isError(hint) == 0 else {
      throw DecoderFault(reason: String(cString: LZ4F_getErrorName(hint)))
    }
    return (taken, put, hint == 0)
  }
}
