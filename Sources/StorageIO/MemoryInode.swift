import StorageBase
import Synchronization

/// A file's contents, apart from its names. Thread-safe.
final class MemoryInode: Sendable {
  /// Bytes, and what of them a power failure would leave for certain.
  struct Image: Sendable {
    var bytes: [UInt8] = []
    /// The length of the prefix of `bytes` that was synced.
    var syncedByteCount = 0
    /// The length of the file where it is more than that of `bytes`: zeros have been written ahead.
    var reservedEnd = 0
    /// The part of that length that was synced.
    var syncedReservedEnd = 0

    /// What somebody who reads the file finds.
    var file: [UInt8] {
      guard reservedEnd > bytes.count else { return bytes }
      return bytes + [UInt8](repeating: 0, count: reservedEnd - bytes.count)
    }
  }

  struct Contents: Sendable {
    var current = Image()
    /// The file before the first truncation that has not been synced; nil when there is none.
    var untruncated: Image?

    var bytes: [UInt8] { current.bytes }
    var fileByteCount: Int { max(current.bytes.count, current.reservedEnd) }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
      current.bytes.append(contentsOf: bytes)
    }

    mutating func reserve(upTo end: Int) { current.reservedEnd = max(current.reservedEnd, end) }

    mutating func sync() {
      current.syncedByteCount = current.bytes.count
      current.syncedReservedEnd = current.reservedEnd
      untruncated = nil
    }

    mutating func truncate(to byteCount: Int) {
      guard byteCount < fileByteCount else { return }
      if untruncated == nil { untruncated = current }
      current.syncedByteCount = min(current.syncedByteCount, byteCount)
      current.bytes.removeLast(current.bytes.count - byteCount)
      current.reservedEnd = 0
      current.syncedReservedEnd = 0
    }

    /// Takes what was reserved for bytes of the file, as whoever opens it has to.
    mutating func takeUpReserved() {
      let isSynced =
        current.syncedByteCount == current.bytes.count
        && current.syncedReservedEnd == current.reservedEnd
      current.bytes = current.file
      if isSynced { current.syncedByteCount = current.bytes.count }
      current.reservedEnd = 0
      current.syncedReservedEnd = 0
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
    try requireRoom(upTo: byteCount + UInt64(bytes.count))
    inode.contents.withLock { $0.append(bytes) }
    fileSystem.counters.addWrite(cause, bytes: bytes.count)
  }

  func reserve(upTo end: UInt64) throws {
    try requireRoom(upTo: end)
    let added = inode.contents.withLock { contents in
      let before = contents.fileByteCount
      contents.reserve(upTo: Int(end))
      return contents.fileByteCount - before
    }
    if added > 0 { fileSystem.counters.addWrite(cause, bytes: added) }
  }

  private func requireRoom(upTo end: UInt64) throws {
    let present = inode.contents.withLock { UInt64($0.fileByteCount) }
    guard try end <= present || end - present <= fileSystem.freeByteCount(path) else {
      throw StorageError.noSpace(operation: "write", path: path)
    }
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
