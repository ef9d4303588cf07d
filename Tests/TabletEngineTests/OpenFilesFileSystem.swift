import StorageIO
import Synchronization

/// Another file system that knows which segments are opened for reading.
final class OpenFilesFileSystem: FileSystem {
  private final class File: ReadableFile {
    private let base: any ReadableFile
    private let fileSystem: OpenFilesFileSystem

    init(_ base: any ReadableFile, of fileSystem: OpenFilesFileSystem) {
      self.base = base
      self.fileSystem = fileSystem
      fileSystem.openCounts.withLock { $0[base.path, default: 0] += 1 }
    }

    deinit {
      fileSystem.openCounts.withLock {
        $0[base.path] = $0[base.path].flatMap { $0 == 1 ? nil : $0 - 1 }
      }
    }

    var path: String { base.path }
    var byteCount: UInt64 { base.byteCount }
    var mapping: UnsafeRawBufferPointer? { base.mapping }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
      try base.read(at: offset, into: buffer)
    }
  }

  private let base: any FileSystem
  private let openCounts = Mutex<[String: Int]>([:])

  init(_ base: any FileSystem) { self.base = base }

  /// How many objects hold a segment open.
  var openSegmentCount: Int { openCounts.withLock { $0.values.reduce(0, +) } }

  func openForReading(_ path: String, cause: IOCause) throws -> any ReadableFile {
    let file = try base.openForReading(path, cause: cause)
    return path.hasSuffix(".seg") ? File(file, of: self) : file
  }

  var counters: IOCounters { base.counters }
  func create(_ path: String, cause: IOCause) throws -> any WritableFile {
    try base.create(path, cause: cause)
  }
  func openForAppending(_ path: String, cause: IOCause) throws -> any WritableFile {
    try base.openForAppending(path, cause: cause)
  }
  func syncDirectory(_ path: String, cause: IOCause) throws {
    try base.syncDirectory(path, cause: cause)
  }
  func createDirectory(_ path: String) throws { try base.createDirectory(path) }
  func listDirectory(_ path: String) throws -> [String] { try base.listDirectory(path) }
  func exists(_ path: String) throws -> Bool { try base.exists(path) }
  func link(_ source: String, to target: String) throws {
    try base.link(source, to: target)
  }
  func rename(_ source: String, to target: String) throws { try base.rename(source, to: target) }
  func remove(_ path: String) throws { try base.remove(path) }
  func removeDirectory(_ path: String) throws { try base.removeDirectory(path) }
  func lock(_ path: String) throws -> any FileLock { try base.lock(path) }
  func freeByteCount(_ path: String) throws -> UInt64 { try base.freeByteCount(path) }
}
