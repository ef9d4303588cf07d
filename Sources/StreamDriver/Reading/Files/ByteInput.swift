import StorageBase
import StorageIO

/// Bytes one after another. Not thread-safe.
protocol ByteInput: AnyObject {
  /// Fills a part of the buffer.
  /// - Returns: how many bytes; 0 when there are none now.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int

  /// Whether what has been read may be all there ever is: nothing is cut off.
  var isWhole: Bool { get }

  /// Whether nothing will ever come again, for certain.
  var hasEnded: Bool { get }
}

/// The bytes of a file as they are. When somebody appends to it, later reads find that.
final class FileBytes: ByteInput {
  private let path: String
  private let files: any FileSystem
  private var file: any ReadableFile
  private var offset: UInt64 = 0

  init(_ path: String, files: any FileSystem) throws {
    self.path = path
    self.files = files
    file = try files.openForReading(path, cause: .tool)
  }

  var isWhole: Bool { true }
  var hasEnded: Bool { false }

  /// Goes on at an offset.
  /// - Throws: `StorageError.damaged` when the file has become shorter.
  func seek(to offset: UInt64) throws {
    if offset > file.byteCount { file = try files.openForReading(path, cause: .tool) }
    guard offset <= file.byteCount else {
      throw StorageError.damaged(
        path: path, problems: ["\(offset) bytes were read before, it has \(file.byteCount) now"],
        remedy: "bring the file back, or begin again with another state directory and name")
    }
    self.offset = offset
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    // The length of an open file is fixed: what came later is seen by opening it again.
    if offset == file.byteCount { file = try files.openForReading(path, cause: .tool) }
    let count = Int(min(UInt64(buffer.count), file.byteCount - min(offset, file.byteCount)))
    guard count > 0 else { return 0 }
    try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    offset += UInt64(count)
    return count
  }
}
