import StorageBase
import StorageIO
import Synchronization

/// Another file system that lets something else happen before segments and checkpoints are written:
/// with one thread, the places where a merge, a load or a checkpoint can be overtaken.
final class YieldingFileSystem: FileSystem {
  private let base: any FileSystem
  private let hook = Mutex<(@Sendable () -> Void)?>(nil)
  private let checkpointHook = Mutex<(@Sendable () -> Void)?>(nil)

  init(_ base: any FileSystem) { self.base = base }

  /// Calls `body` from now on whenever a segment is about to be written, synced or created; never
  /// while the store holds a lock.
  func onYield(_ body: (@Sendable () -> Void)?) { hook.withLock { $0 = body } }

  /// Calls `body` from now on whenever a checkpoint is about to be written, synced or named, or
  /// what it has made superfluous removed.
  func onCheckpoint(_ body: (@Sendable () -> Void)?) { checkpointHook.withLock { $0 = body } }

  fileprivate func yield(_ cause: IOCause) {
    switch cause {
    case .flush, .compaction: hook.withLock { $0 }?()
    case .checkpoint: checkpointHook.withLock { $0 }?()
    default: break
    }
  }

  /// Checkpoints alone name files of theirs, and remove files of these directories.
  private func yieldToCheckpoint(_ path: String) {
    if path.contains("/checkpoint/") || path.contains("/log/") { yield(.checkpoint) }
  }

  var counters: IOCounters { base.counters }

  func create(_ path: String, cause: IOCause) throws -> any WritableFile {
    yield(cause)
    return YieldingFile(try base.create(path, cause: cause), of: self, cause: cause)
  }

  func syncDirectory(_ path: String, cause: IOCause) throws {
    yield(cause)
    try base.syncDirectory(path, cause: cause)
  }

  func createDirectory(_ path: String) throws { try base.createDirectory(path) }
  func listDirectory(_ path: String) throws -> [String] { try base.listDirectory(path) }
  func exists(_ path: String) throws -> Bool { try base.exists(path) }
  func openForAppending(_ path: String, cause: IOCause) throws -> any WritableFile {
    try base.openForAppending(path, cause: cause)
  }
  func openForReading(_ path: String, cause: IOCause) throws -> any ReadableFile {
    try base.openForReading(path, cause: cause)
  }
  func link(_ source: String, to target: String) throws {
    try base.link(source, to: target)
  }

  func rename(_ source: String, to target: String) throws {
    yieldToCheckpoint(source)
    try base.rename(source, to: target)
  }
  func remove(_ path: String) throws {
    yieldToCheckpoint(path)
    try base.remove(path)
  }
  func removeDirectory(_ path: String) throws { try base.removeDirectory(path) }
  func lock(_ path: String) throws -> any FileLock { try base.lock(path) }
  func freeByteCount(_ path: String) throws -> UInt64 { try base.freeByteCount(path) }
}

private final class YieldingFile: WritableFile {
  private let base: any WritableFile
  private let fileSystem: YieldingFileSystem
  private let cause: IOCause

  init(_ base: any WritableFile, of fileSystem: YieldingFileSystem, cause: IOCause) {
    self.base = base
    self.fileSystem = fileSystem
    self.cause = cause
  }

  var path: String { base.path }
  var byteCount: UInt64 { base.byteCount }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    fileSystem.yield(cause)
    try base.append(bytes)
  }

  func sync() throws {
    fileSystem.yield(cause)
    try base.sync()
  }

  func truncate(to byteCount: UInt64) throws { try base.truncate(to: byteCount) }
  func reserve(upTo end: UInt64) throws { try base.reserve(upTo: end) }
}
