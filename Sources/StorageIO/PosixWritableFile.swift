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
    var written = 0
    defer { counters.addWrite(cause, bytes: written) }
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = retryingInterrupts {
        pwrite(
          descriptor.rawValue, rest.baseAddress, rest.count, off_t(byteCount) + off_t(written))
      }
      // A write of a regular file that moves nothing and reports nothing would loop for ever.
      guard count > 0 else {
        throw StorageError.system("write", path, code: count == 0 ? EIO : errno)
      }
      written += count
    }
    byteCount += UInt64(written)
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
  }
}
