import StorageBase

/// Passes the bytes of a block on and keeps the CRC32C of all of them. Not thread-safe.
final class ChecksummedSink: SegmentSink {
  private(set) var checksum: UInt32 = 0
  private let target: (UnsafeRawBufferPointer) throws -> Void

  init(_ target: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.target = target }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    checksum = crc32c(bytes, seed: checksum)
    try target(bytes)
  }
}
