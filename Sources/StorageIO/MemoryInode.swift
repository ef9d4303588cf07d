import StorageBase
import Synchronization

/// A file's contents, apart from its names. Thread-safe.
final class MemoryInode: Sendable {
  /// Bytes, and what of them a power failure would leave for certain.
  struct Image: Sendable {
    var bytes: [UInt8] = []
    /// The length of the prefix of `bytes` that was synced.
    var syncedByteCount = 0
  }

  struct Contents: Sendable {
    var current = Image()
    /// The file before the first truncation that has not been synced; nil when there is none.
    var untruncated: Image?

    var bytes: [UInt8] { current.bytes }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
      current.bytes.append(contentsOf: bytes)
    }

    mutating func sync() {
      current.syncedByteCount = current.bytes.count
      untruncated = nil
    }

    mutating func truncate(to byteCount: Int) {
      guard byteCount < current.bytes.count else { return }
      if untruncated == nil { untruncated = current }
      current.syncedByteCount = min(current.syncedByteCount, byteCount)
      current.bytes.removeLast(current.bytes.count - byteCount)
    }
  }

  let contents: Mutex<Contents>

  init(_ bytes: [UInt8] = []) {
    contents = Mutex(Contents(current: Image(bytes: bytes, syncedByteCount: bytes.count)))
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
    inode.contents.withLock { $0.append(bytes) }
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
