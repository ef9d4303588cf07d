import StorageBase
import Synchronization

/// A file's contents, apart from its names. Thread-safe.
final class MemoryInode: Sendable {
  /// The bytes, and what of them a power failure would leave for certain.
  struct Contents: Sendable {
    var bytes: [UInt8] = []
    /// The length of the prefix of `bytes` that was synced.
    var syncedByteCount = 0
    /// All synced bytes, while a truncation of some of them has not been synced.
    var untruncated: [UInt8]?

    mutating func sync() {
      syncedByteCount = bytes.count
      untruncated = nil
    }

    mutating func truncate(to byteCount: Int) {
      if byteCount < syncedByteCount {
        if untruncated == nil { untruncated = Array(bytes[..<syncedByteCount]) }
        syncedByteCount = byteCount
      }
      bytes.removeLast(bytes.count - byteCount)
    }
  }

  let contents: Mutex<Contents>

  init(_ bytes: [UInt8] = []) {
    contents = Mutex(Contents(bytes: bytes, syncedByteCount: bytes.count))
  }
}

/// A file of the in-memory file system being written at its end.
final class MemoryWritableFile: WritableFile {
  let path: String
  private let inode: MemoryInode
  private let fileSystem: MemoryFileSystem
  private let cause: IOCause

  init(path: String, inode: MemoryInode, fileSystem: MemoryFileSystem, cause: IOCause) {
    self.path = path
    self.inode = inode
    self.fileSystem = fileSystem
    self.cause = cause
  }

  var byteCount: UInt64 { inode.contents.withLock { UInt64($0.bytes.count) } }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    guard try UInt64(bytes.count) <= fileSystem.freeByteCount(path) else {
      throw StorageError.noSpace(operation: "write", path: path)
    }
    inode.contents.withLock { $0.bytes.append(contentsOf: bytes) }
    fileSystem.counters.addWrite(cause, bytes: bytes.count)
  }

  func sync() throws {
    inode.contents.withLock { $0.sync() }
    fileSystem.counters.addSync(cause)
  }

  func truncate(to byteCount: UInt64) throws {
    inode.contents.withLock { contents in
      precondition(
        byteCount <= UInt64(contents.bytes.count), "truncating \(path) to more than it holds")
      contents.truncate(to: Int(byteCount))
    }
  }
}
