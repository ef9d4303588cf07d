import StorageBase

/// A readable file that is a byte string: an inline rowset, a file of the in-memory file system,
/// a test's input. Immutable and thread-safe.
public final class MemoryFile: ReadableFile, @unchecked Sendable {
  public let path: String
  private let storage: UnsafeMutableRawBufferPointer

  /// - Parameter path: the name that errors show.
  public init(path: String, bytes: UnsafeRawBufferPointer) {
    self.path = path
    // 64 bytes more, zeroed, so that kernels may load whole vectors at the end.
    storage = .allocate(byteCount: bytes.count + 64, alignment: 64)
    storage.copyMemory(from: bytes)
    UnsafeMutableRawBufferPointer(rebasing: storage[bytes.count...])
      .initializeMemory(as: UInt8.self, repeating: 0)
  }

  public convenience init(path: String, bytes: [UInt8]) {
    let copy = bytes.withUnsafeBytes { bytes in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
      buffer.copyMemory(from: bytes)
      return buffer
    }
    defer { copy.deallocate() }
    self.init(path: path, bytes: UnsafeRawBufferPointer(copy))
  }

  deinit { storage.deallocate() }

  public var byteCount: UInt64 { UInt64(storage.count - 64) }

  public var mapping: UnsafeRawBufferPointer? {
    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(storage)[..<Int(byteCount)])
  }

  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard offset <= byteCount, UInt64(buffer.count) <= byteCount - offset else {
      throw StorageError.corrupt(
        file: path, offset: offset, what: "file length", expected: "\(buffer.count) more bytes",
        found: "\(byteCount < offset ? 0 : byteCount - offset)")
    }
    buffer.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: mapping![Int(offset)..<Int(offset) + buffer.count]))
  }
}
