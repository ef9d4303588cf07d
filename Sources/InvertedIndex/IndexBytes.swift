import ScanKernels
import StorageBase
import StorageIO

/// A piece of an index in memory, with what keeps it there. Immutable and thread-safe.
struct IndexBytes: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
  private let owner: AnyObject

  /// Bytes `range` of `file`: in place if the file is mapped, else read.
  init(_ file: any ReadableFile, _ range: Range<UInt64>) throws {
    let count = range.count
    if let mapping = file.mapping {
      guard range.upperBound <= UInt64(mapping.count) else {
        throw StorageError.corrupt(
          file: file.path, offset: range.lowerBound, what: "file length",
          expected: "at least \(range.upperBound)", found: "\(mapping.count)")
      }
      let start = Int(range.lowerBound)
      bytes = UnsafeRawBufferPointer(rebasing: mapping[start..<start + count])
      owner = file
    } else {
      let buffer = AlignedBuffer(byteCount: count)
      try file.read(at: range.lowerBound, into: buffer.mutableBytes)
      bytes = buffer.bytes
      owner = buffer
    }
  }

  /// Calls `body` with the bytes, which stay there meanwhile.
  @inline(__always) func withBytes<R>(
    _ body: (UnsafeRawBufferPointer) throws -> R
  ) rethrows -> R {
    try withExtendedLifetime(owner) { try body(bytes) }
  }
}
