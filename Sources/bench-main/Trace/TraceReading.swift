import PolicyLab
import StorageBase
import StorageIO

extension CompactionTrace {
  /// Reads a trace from a file.
  /// - Throws: what is wrong with the file, or with a line of it.
  init(path: String) throws {
    try self.init(parsing: try readAll(path), file: path)
  }
}

/// All bytes of a file.
func readAll(_ path: String) throws -> [UInt8] {
  let file = try PosixFileSystem().openForReading(path, cause: .tool)
  return try file.read(at: 0, count: Int(file.byteCount))
}
