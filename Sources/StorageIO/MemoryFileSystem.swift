import Glibc
import StorageBase
import Synchronization

/// Files in memory, with an exact model of what a power failure leaves. Deterministic; thread-safe.
///
/// Every file has contents and the part of them that was synced; every directory has entries and
/// the ones that were synced. `crash(seed:)` returns what a machine would find after losing power
/// at this moment. Errors carry the errno values of the POSIX file system.
public final class MemoryFileSystem: FileSystem {
  public let counters = IOCounters()
  let capacityByteCount: UInt64
  let tree: Mutex<MemoryTree>
  private let locks = Mutex<Set<String>>([])

  /// - Parameter capacityByteCount: what all files together may hold; beyond it writes throw
  ///   `StorageError.noSpace`.
  public convenience init(capacityByteCount: UInt64 = .max) {
    self.init(MemoryTree(), capacityByteCount: capacityByteCount)
  }

  init(_ tree: MemoryTree, capacityByteCount: UInt64) {
    self.tree = Mutex(tree)
    self.capacityByteCount = capacityByteCount
  }

  public func createDirectory(_ path: String) throws {
    try tree.withLock { try $0.createDirectory(path) }
  }

  public func listDirectory(_ path: String) throws -> [String] {
    try tree.withLock { tree in
      let directory = try tree.requireDirectory(MemoryTree.components(path), "list", path)
      return tree.entries(of: directory).keys.sorted()
    }
  }

  public func exists(_ path: String) throws -> Bool {
    tree.withLock { $0.exists(path) }
  }

  public func create(_ path: String, cause: IOCause) throws -> any WritableFile {
    let inode = MemoryInode()
    try tree.withLock { try $0.link(inode, at: path) }
    return MemoryWritableFile(path: path, inode: inode, fileSystem: self, cause: cause)
  }

  public func openForAppending(_ path: String, cause: IOCause) throws -> any WritableFile {
    let inode = try tree.withLock { try $0.requireFile(path, "open") }
    inode.contents.withLock { $0.takeUpReserved() }
    return MemoryWritableFile(path: path, inode: inode, fileSystem: self, cause: cause)
  }

  public func openForReading(_ path: String, cause: IOCause) throws -> any ReadableFile {
    let inode = try tree.withLock { try $0.requireFile(path, "open") }
    return inode.contents.withLock { contents in
      contents.current.file.withUnsafeBytes {
        MemoryFile(path: path, bytes: $0, counting: (counters, cause))
      }
    }
  }

  public func rename(_ source: String, to target: String) throws {
    try tree.withLock { try $0.rename(source, to: target) }
  }

  public func link(_ source: String, to target: String) throws {
    try tree.withLock { try $0.link(source, to: target) }
  }

  public func remove(_ path: String) throws {
    try tree.withLock { try $0.removeFile(path) }
  }

  public func removeDirectory(_ path: String) throws {
    try tree.withLock { try $0.removeDirectory(path) }
  }

  public func syncDirectory(_ path: String, cause: IOCause) throws {
    try tree.withLock { tree in
      let directory = try tree.requireDirectory(MemoryTree.components(path), "sync", path)
      tree.sync(directory)
    }
    counters.addSync(cause)
  }

  public func lock(_ path: String) throws -> any FileLock {
    let name = MemoryTree.components(path).joined(separator: "/")
    try tree.withLock { tree in
      if !tree.exists(path) { try tree.link(MemoryInode(), at: path) }
    }
    guard locks.withLock({ $0.insert(name).inserted }) else {
      throw StorageError.storeLocked(path: path, holder: "this process")
    }
    return MemoryFileLock(name: name, fileSystem: self)
  }

  public func freeByteCount(_ path: String) throws -> UInt64 {
    // Without a limit nobody should pay for the sum.
    if capacityByteCount == .max { return .max }
    let used = tree.withLock { UInt64($0.byteCount) }
    return capacityByteCount < used ? 0 : capacityByteCount - used
  }

  fileprivate func unlock(_ name: String) { locks.withLock { _ = $0.remove(name) } }
}

private final class MemoryFileLock: FileLock {
  private let name: String
  private let fileSystem: MemoryFileSystem

  init(name: String, fileSystem: MemoryFileSystem) {
    self.name = name
    self.fileSystem = fileSystem
  }

  deinit { fileSystem.unlock(name) }
}
