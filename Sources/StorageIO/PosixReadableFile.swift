import Glibc
import StorageBase

/// A file of the operating system being read: mapped as a whole, and readable with `pread`, which
/// returns an error where a mapping would raise a signal.
final class PosixReadableFile: ReadableFile, @unchecked Sendable {
  /// How far beyond the end of a buffer kernels may read.
  private static let slackByteCount = 64

  let path: String
  let byteCount: UInt64
  let mapping: UnsafeRawBufferPointer?
  private let reservation: UnsafeMutableRawBufferPointer?
  private let descriptor: FileDescriptor
  private let counters: IOCounters
  private let cause: IOCause

  init(
    path: String, descriptor: FileDescriptor, byteCount: UInt64, counters: IOCounters,
    cause: IOCause
  ) {
    self.path = path
    self.descriptor = descriptor
    self.byteCount = byteCount
    self.counters = counters
    self.cause = cause
    reservation = Self.map(descriptor, byteCount: byteCount)
    mapping = reservation.map {
      UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer($0)[..<Int(byteCount)])
    }
  }

  deinit {
    if let reservation { munmap(reservation.baseAddress, reservation.count) }
  }

  /// Reserves zeros for the file and the slack behind it, then maps the file over their start: a
  /// file that ends at a page border would otherwise have nothing behind it. Nil when the system
  /// refuses (no address space, or a device that cannot be mapped).
  private static func map(
    _ descriptor: FileDescriptor, byteCount: UInt64
  ) -> UnsafeMutableRawBufferPointer? {
    guard let fileCount = Int(exactly: byteCount) else { return nil }
    let (count, isOverflow) = fileCount.addingReportingOverflow(slackByteCount)
    guard !isOverflow else { return nil }
    let start = mmap(nil, count, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let start, start != MAP_FAILED else { return nil }
    if fileCount > 0 {
      let mapped = mmap(
        start, fileCount, PROT_READ, MAP_SHARED | MAP_FIXED, descriptor.rawValue, 0)
      guard mapped != MAP_FAILED else {
        munmap(start, count)
        return nil
      }
    }
    return UnsafeMutableRawBufferPointer(start: start, count: count)
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard offset <= byteCount, UInt64(buffer.count) <= byteCount - offset else {
      throw StorageError.readPastEnd(
        file: path, byteCount: byteCount, offset: offset, wanted: buffer.count)
    }
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = retryingInterrupts {
        pread(descriptor.rawValue, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
      }
      guard count >= 0 else { throw StorageError.system("read", path) }
      guard count > 0 else {
        // The file was cut after it was opened.
        throw StorageError.readPastEnd(
          file: path, byteCount: offset + UInt64(filled), offset: offset, wanted: buffer.count)
      }
      filled += count
    }
    counters.addRead(cause, bytes: filled)
  }
}
