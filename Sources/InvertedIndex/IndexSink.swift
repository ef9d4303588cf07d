import StorageIO

/// Where the bytes of an index go, front to back. Not thread-safe.
public protocol IndexSink: AnyObject {
  /// Appends all bytes or throws; they are valid during the call only.
  func append(_ bytes: UnsafeRawBufferPointer) throws
}

/// Writes an index to the end of a file. Syncing the file is left to its owner.
public final class FileIndexSink: IndexSink {
  private let file: any WritableFile

  public init(_ file: any WritableFile) { self.file = file }

  public func append(_ bytes: UnsafeRawBufferPointer) throws { try file.append(bytes) }
}

/// Collects an index in memory.
public final class MemoryIndexSink: IndexSink {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public func append(_ bytes: UnsafeRawBufferPointer) throws {
    self.bytes.append(contentsOf: bytes)
  }
}
