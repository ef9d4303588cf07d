import CZlib

/// Gzip (RFC 1952) by zlib; members one after another count as one.
final class GzipDecoder: StreamDecoder {
  private let stream: UnsafeMutablePointer<z_stream>
  /// Whether the next byte begins another member.
  private var isBetween = false

  init() throws {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 16 is for gzip, 15 for the largest window. It fails for lack of memory only.
    let code = inflateInit2_(stream, 16 + 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "zlib: \(code)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(DecoderFault) -> (taken: Int, put: Int, endsFrame: Bool) {
    if isBetween, !input.isEmpty {
      inflateReset(stream)
      isBetween = false
    }
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(input.count)
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(clamping: output.count)
    let space = Int(stream.pointee.avail_out)
    let code = inflate(stream, Z_NO_FLUSH)
    // Z_BUF_ERROR: nothing could be done with these buffers, which is no error.
    guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
      throw DecoderFault(reason: stream.pointee.msg.map { String(cString: $0) } ?? "code \(code)")
    }
    isBetween = code == Z_STREAM_END
    return (
      input.count - Int(stream.pointee.avail_in), space - Int(stream.pointee.avail_out), isBetween
    )
  }
}
