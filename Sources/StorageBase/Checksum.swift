import CKernels

/// CRC32C (Castagnoli polynomial), the checksum of every byte Sediment puts on disk.
///
/// - Parameter seed: the checksum of the bytes before these, so that
///   `crc32c(b, seed: crc32c(a))` is the checksum of `a` followed by `b`.
@inlinable public func crc32c(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
  ck_crc32c(seed, bytes.baseAddress, bytes.count)
}
