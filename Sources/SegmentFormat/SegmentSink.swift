import StorageIO

/// Where a segment's bytes go, front to back. Not thread-safe.
public protocol SegmentSink: AnyObject {
  /// Appends all bytes or throws; they are valid during the call only.
  func append(_ bytes: UnsafeRawBufferPointer) throws
}

/// Writes a segment to the end of a file. Syncing the file is left to its owner.
public final class FileSink: SegmentSink {
  private let file: any WritableFile

  public init(_ file: any WritableFile) { self.file = file }

  public func append(_ bytes: UnsafeRawBufferPointer) throws { try file.append(bytes) }
}

/// Collects a segment in memory.
public final class MemorySink: SegmentSink {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public func append(_ bytes: UnsafeRawBufferPointer) throws {
    self.bytes.append(contentsOf: bytes)
  }
}
