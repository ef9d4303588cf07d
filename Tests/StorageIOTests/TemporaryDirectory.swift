import Glibc
import StorageIO

/// A new directory of the real file system, removed with what is in it when released.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/sediment-test-XXXXXX".utf8CString)
    path = try template.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress, mkdtemp(start) != nil else {
        throw MakeDirectoryFailure(code: errno)
      }
      return String(cString: start)
    }
  }

  struct MakeDirectoryFailure: Error { let code: Int32 }

  deinit { Self.removeAll(path) }

  private static func removeAll(_ path: String) {
    let system = PosixFileSystem()
    for name in (try? system.listDirectory(path)) ?? [] {
      let child = "\(path)/\(name)"
      if unlink(child) != 0 { removeAll(child) }
    }
    rmdir(path)
  }
}

extension FileSystem {
  func write(_ bytes: [UInt8], to path: String, syncing: Bool = true) throws {
    let file = try create(path, cause: .tool)
    try file.append(bytes)
    if syncing { try file.sync() }
  }

  func contents(of path: String) throws -> [UInt8] {
    let file = try openForReading(path, cause: .tool)
    return try file.read(at: 0, count: Int(file.byteCount))
  }
}
