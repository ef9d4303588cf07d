import Glibc
import StorageBase
import Synchronization

/// A text file of results, written line by line. Each append is one `write` at the end of the
/// file, so a killed process loses no line that was appended. Thread-safe.
final class ResultFile: Sendable {
  let path: String
  /// Guards against lines that mix when a write comes back short.
  private let descriptor: Mutex<Int32>

  /// - Throws: `StorageError.alreadyExists` when there is such a file: results are never replaced.
  init(creating path: String) throws {
    self.path = path
    let opened = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
    if opened < 0 {
      guard errno != EEXIST else { throw StorageError.alreadyExists(kind: "file", name: path) }
      throw lastSystemError("create", path)
    }
    descriptor = Mutex(opened)
  }

  deinit { descriptor.withLock { _ = close($0) } }

  func append(_ text: String) throws {
    let bytes = Array(text.utf8)
    try descriptor.withLock { descriptor in
      var written = 0
      while written < bytes.count {
        let count = bytes.withUnsafeBytes { buffer in
          write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
        }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw lastSystemError("write", path) }
        written += count
      }
    }
  }
}

/// The error of the system call that has just failed.
func lastSystemError(_ operation: String, _ path: String) -> StorageError {
  let code = errno
  if code == ENOSPC || code == EDQUOT { return .noSpace(operation: operation, path: path) }
  return .io(operation: operation, path: path, code: code, message: String(cString: strerror(code)))
}
