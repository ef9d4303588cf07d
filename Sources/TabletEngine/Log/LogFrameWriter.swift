import StorageBase

/// A frame of the log while records are appended to it (see FORMAT.md): the header's place first,
/// so that one buffer is encoded into, checked and written, and no byte is copied in between.
struct LogFrameWriter {
  /// Records are appended to it; what is before them is not to be touched.
  var bytes: ByteWriter
  private static let headerByteCount = LogFormat.frameHeaderByteCount(LogFormat.version)

  /// - Parameter memory: of a frame that is done with, for what it has allocated.
  init(reusing memory: consuming ByteWriter = ByteWriter()) {
    bytes = memory
    bytes.truncate(to: 0)
    for _ in 0..<Self.headerByteCount { bytes.append(UInt8(0)) }
  }

  var payloadByteCount: Int { bytes.count - Self.headerByteCount }

  /// Fills in the header; the frame is ready to append then.
  /// - Parameter synced: the number of the last frame that is known to be on disk.
  mutating func seal(number: UInt64, synced: UInt64) {
    bytes.overwrite(LogFormat.frameMagic, at: 0)
    bytes.overwrite(UInt32(payloadByteCount), at: 8)
    bytes.overwrite(number, at: 12)
    bytes.overwrite(synced, at: 20)
    let checksum = bytes.bytes.withUnsafeBytes {
      crc32c(UnsafeRawBufferPointer(rebasing: $0[8...]))
    }
    bytes.overwrite(checksum, at: 4)
  }
}
