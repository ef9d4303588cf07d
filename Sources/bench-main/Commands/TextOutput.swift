import Glibc
import StorageBase

/// Writes text to a file, replacing it.
func save(_ text: String, _ path: String) throws {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw failure("create", path) }
  defer { close(descriptor) }
  try writeAll(text, to: descriptor, name: path)
}

/// Writes all of `text`, however many calls that takes.
func writeAll(_ text: String, to descriptor: Int32, name: String) throws {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if written < 0 {
      if errno == EINTR { continue }
      throw failure("write", name)
    }
    rest = rest.dropFirst(written)
  }
}

private func failure(_ operation: String, _ path: String) -> StorageError {
  let code = errno
  return .io(operation: operation, path: path, code: code, message: String(cString: strerror(code)))
}
