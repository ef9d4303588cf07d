import ScanKernels
import StorageIO

extension ReadableFile {
  /// Lends bytes of the file, from the mapping or from a copy.
  func withBytes<R>(
    at offset: UInt64, count: Int, _ body: (UnsafeRawBufferPointer, _ isMapped: Bool) throws -> R
  ) throws -> R {
    if let mapping {
      let range = Int(offset)..<Int(offset) + count
      return try body(UnsafeRawBufferPointer(rebasing: mapping[range]), true)
    }
    let copy = AlignedBuffer(byteCount: count)
    try read(at: offset, into: copy.mutableBytes)
    return try withExtendedLifetime(copy) { try body(copy.bytes, false) }
  }
}
