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

/// Appends a line to a file that is there, in one piece.
func appendLine(_ line: String, _ path: String) throws {
  let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
  guard descriptor >= 0 else { throw failure("open", path) }
  defer { close(descriptor) }
  try writeAll(line, to: descriptor, name: path)
}

/// The whole of a text file.
/// - Throws: `StorageError.io` when it cannot be read.
func readInput(_ path: String) throws -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw failure("read", path) }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { throw failure("read", path) }
    guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
    bytes += chunk[..<count]
  }
}

/// The error of the system call that has just failed.
func failure(_ operation: String, _ path: String) -> StorageError {
  let code = errno
  return .io(operation: operation, path: path, code: code, message: String(cString: strerror(code)))
}
