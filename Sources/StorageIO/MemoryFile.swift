import StorageBase

/// A readable file that is a byte string: an inline rowset, a file of the in-memory file system,
/// a test's input. Immutable and thread-safe.
public final class MemoryFile: ReadableFile, @unchecked Sendable {
  /// Zeros behind the bytes, so that kernels may load whole vectors at the end.
  private static let slackByteCount = 64

  public let path: String
  private let storage: UnsafeMutableRawBufferPointer
  private let counting: (counters: IOCounters, cause: IOCause)?

  /// Copies the bytes, once.
  /// - Parameters:
  ///   - path: the name that errors show.
  ///   - counting: where calls of `read` are counted.
  public init(
    path: String, bytes: UnsafeRawBufferPointer,
    counting: (counters: IOCounters, cause: IOCause)? = nil
  ) {
    self.path = path
    self.counting = counting
    storage = Self.paddedCopy(bytes)
  }

  /// Copies the bytes, once.
  public init(path: String, bytes: [UInt8]) {
    self.path = path
    counting = nil
    storage = bytes.withUnsafeBytes(Self.paddedCopy)
  }

  private static func paddedCopy(
    _ bytes: UnsafeRawBufferPointer
  ) -> UnsafeMutableRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(
      byteCount: bytes.count + slackByteCount, alignment: 64)
    copy.copyMemory(from: bytes)
    UnsafeMutableRawBufferPointer(rebasing: copy[bytes.count...])
      .initializeMemory(as: UInt8.self, repeating: 0)
    return copy
  }

  deinit { storage.deallocate() }

  public var byteCount: UInt64 { UInt64(contents.count) }

  public var mapping: UnsafeRawBufferPointer? { contents }

  private var contents: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      rebasing: UnsafeRawBufferPointer(storage).dropLast(Self.slackByteCount))
  }

  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard offset <= byteCount, UInt64(buffer.count) <= byteCount - offset else {
      throw StorageError.readPastEnd(
        file: path, byteCount: byteCount, offset: offset, wanted: buffer.count)
    }
    let source = contents[Int(offset)..<Int(offset) + buffer.count]
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source))
    if let counting { counting.counters.addRead(counting.cause, bytes: buffer.count) }
  }
}
