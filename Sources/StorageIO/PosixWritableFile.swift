import Glibc
import StorageBase

/// A file of the operating system being written at its end.
///
/// Writes name their offset (`pwrite`), so that what a failed append left behind is overwritten
/// by the next one instead of staying between the two.
final class PosixWritableFile: WritableFile, @unchecked Sendable {
  let path: String
  private(set) var byteCount: UInt64
  private let descriptor: FileDescriptor
  private let counters: IOCounters
  private let cause: IOCause
  /// A page at a time: of what is written at once the system may make one large page of its cache,
  /// all of which counts as written again when a small append touches it.
  private static let zeros = [UInt8](repeating: 0, count: 4096)
  /// Where the zeros end that were written ahead.
  private var reservedEnd: UInt64 = 0
  /// The first failure of a sync, which every later one repeats.
  private var syncFailure: StorageError?

  init(
    path: String, descriptor: FileDescriptor, byteCount: UInt64, counters: IOCounters,
    cause: IOCause
  ) {
    self.path = path
    self.descriptor = descriptor
    self.byteCount = byteCount
    self.counters = counters
    self.cause = cause
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    try write(bytes, at: byteCount)
    byteCount += UInt64(bytes.count)
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws {
    var written = 0
    defer { counters.addWrite(cause, bytes: written) }
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = retryingInterrupts {
        pwrite(descriptor.rawValue, rest.baseAddress, rest.count, off_t(offset) + off_t(written))
      }
      // A write of a regular file that moves nothing and reports nothing would loop for ever.
      guard count > 0 else {
        throw StorageError.system("write", path, code: count == 0 ? EIO : errno)
      }
      written += count
    }
  }

  func reserve(upTo end: UInt64) throws {
    var start = max(byteCount, reservedEnd)
    while start < end {
      let count = min(Int(end - start), Self.zeros.count)
      try Self.zeros.withUnsafeBytes {
        try write(UnsafeRawBufferPointer(rebasing: $0[..<count]), at: start)
      }
      start += UInt64(count)
      reservedEnd = start
    }
  }

  func sync() throws {
    if let syncFailure { throw syncFailure }
    guard retryingInterrupts({ fdatasync(descriptor.rawValue) }) == 0 else {
      let failure = StorageError.system("sync", path)
      syncFailure = failure
      throw failure
    }
    counters.addSync(cause)
  }

  func truncate(to byteCount: UInt64) throws {
    precondition(byteCount <= self.byteCount, "truncating \(path) to more than it holds")
    guard retryingInterrupts({ ftruncate(descriptor.rawValue, off_t(byteCount)) }) == 0 else {
      throw StorageError.system("truncate", path)
    }
    self.byteCount = byteCount
    reservedEnd = 0
  }
}
