import Glibc
import StorageBase

/// Repeats a system call that a signal interrupted; any other result is returned as it is.
@inline(__always)
func retryingInterrupts<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// A file descriptor that is closed when this is released.
///
/// `close` is never repeated: on Linux the descriptor is gone even when the call was interrupted.
final class FileDescriptor: Sendable {
  let rawValue: Int32

  /// - Throws: `StorageError` for `operation` when the file cannot be opened.
  init(_ path: String, _ flags: Int32, mode: mode_t = 0o644, operation: String) throws {
    let descriptor = retryingInterrupts { open(path, flags | O_CLOEXEC, mode) }
    guard descriptor >= 0 else { throw StorageError.system(operation, path) }
    rawValue = descriptor
  }

  deinit { close(rawValue) }

  /// The length of a regular file.
  /// - Throws: `StorageError.io` with EISDIR or EINVAL for anything that is not one.
  func regularFileByteCount(_ path: String) throws -> UInt64 {
    var status = stat()
    guard fstat(rawValue, &status) == 0 else { throw StorageError.system("open", path) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return UInt64(status.st_size)
    case S_IFDIR: throw StorageError.system("open", path, code: EISDIR)
    default: throw StorageError.system("open", path, code: EINVAL)
    }
  }
}

extension StorageError {
  /// The error for a failed system call. `operation` completes "cannot … <path>".
  static func system(_ operation: String, _ path: String, code: Int32 = errno) -> StorageError {
    switch code {
    case ENOSPC, EDQUOT: .noSpace(operation: operation, path: path)
    default:
      .io(operation: operation, path: path, code: code, message: String(cString: strerror(code)))
    }
  }

  /// The error for a read that goes past the end of a file, which for a caller that trusts a
  /// length it found on disk means damage.
  static func readPastEnd(
    file: String, byteCount: UInt64, offset: UInt64, wanted: Int
  ) -> StorageError {
    .corrupt(
      file: file, offset: offset, what: "file length", expected: "\(wanted) more bytes",
      found: "\(byteCount < offset ? 0 : byteCount - offset)")
  }
}
