import Glibc
import StorageBase

/// The files of the operating system. Stateless but for its counters; thread-safe.
///
/// Calls interrupted by signals are repeated, short writes and reads are completed, and errno
/// becomes `StorageError` (`.noSpace` for ENOSPC and EDQUOT).
public final class PosixFileSystem: FileSystem {
  public let counters = IOCounters()

  public init() {}

  public func createDirectory(_ path: String) throws {
    if mkdir(path, 0o755) == 0 { return }
    switch errno {
    case EEXIST:
      guard try isDirectory(path) else {
        throw StorageError.system("create directory", path, code: EEXIST)
      }
    case ENOENT:
      let parent = parentDirectory(of: path)
      guard parent != path else { throw StorageError.system("create directory", path) }
      try createDirectory(parent)
      // Another thread may create it at the same time: EEXIST is as good as success.
      guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
        throw StorageError.system("create directory", path)
      }
    default: throw StorageError.system("create directory", path)
    }
  }

  public func listDirectory(_ path: String) throws -> [String] {
    guard let stream = opendir(path) else { throw StorageError.system("list", path) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee))
        { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw StorageError.system("list", path) }
    return names.sorted()
  }

  public func exists(_ path: String) throws -> Bool {
    var status = stat()
    if stat(path, &status) == 0 { return true }
    if errno == ENOENT || errno == ENOTDIR { return false }
    throw StorageError.system("look up", path)
  }

  /// A file of that name is unlinked rather than cut, since those who have it mapped would be
  /// killed by a signal when they touch a page that is no longer there.
  public func create(_ path: String, cause: IOCause) throws -> any WritableFile {
    while true {
      do {
        let descriptor = try FileDescriptor(
          path, O_WRONLY | O_CREAT | O_EXCL, operation: "create")
        return PosixWritableFile(
          path: path, descriptor: descriptor, byteCount: 0, counters: counters, cause: cause)
      } catch StorageError.io(_, _, EEXIST, _) {
        guard unlink(path) == 0 || errno == ENOENT else {
          throw StorageError.system("replace", path)
        }
      }
    }
  }

  public func openForAppending(_ path: String, cause: IOCause) throws -> any WritableFile {
    let descriptor = try FileDescriptor(path, O_WRONLY, operation: "open")
    let byteCount = try descriptor.regularFileByteCount(path)
    return PosixWritableFile(
      path: path, descriptor: descriptor, byteCount: byteCount, counters: counters, cause: cause)
  }

  public func openForReading(_ path: String, cause: IOCause) throws -> any ReadableFile {
    let descriptor = try FileDescriptor(path, O_RDONLY, operation: "open")
    let byteCount = try descriptor.regularFileByteCount(path)
    return PosixReadableFile(
      path: path, descriptor: descriptor, byteCount: byteCount, counters: counters, cause: cause)
  }

  public func rename(_ source: String, to target: String) throws {
    guard Glibc.rename(source, target) == 0 else { throw StorageError.system("rename", source) }
  }

  public func link(_ source: String, to target: String) throws {
    guard Glibc.link(source, target) == 0 else { throw StorageError.system("link", source) }
  }

  public func remove(_ path: String) throws {
    guard unlink(path) == 0 else { throw StorageError.system("remove", path) }
  }

  public func removeDirectory(_ path: String) throws {
    guard rmdir(path) == 0 else { throw StorageError.system("remove directory", path) }
  }

  public func syncDirectory(_ path: String, cause: IOCause) throws {
    let descriptor = try FileDescriptor(path, O_RDONLY | O_DIRECTORY, operation: "sync")
    guard retryingInterrupts({ fsync(descriptor.rawValue) }) == 0 else {
      throw StorageError.system("sync", path)
    }
    counters.addSync(cause)
  }

  public func lock(_ path: String) throws -> any FileLock { try PosixFileLock(path) }

  public func freeByteCount(_ path: String) throws -> UInt64 {
    var status = statvfs()
    guard retryingInterrupts({ statvfs(path, &status) }) == 0 else {
      throw StorageError.system("ask for free space at", path)
    }
    let (byteCount, isOverflow) = UInt64(status.f_bavail)
      .multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return isOverflow ? .max : byteCount
  }

  private func isDirectory(_ path: String) throws -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { throw StorageError.system("look up", path) }
    return status.st_mode & S_IFMT == S_IFDIR
  }
}

/// The path of the directory that `path` is in; `.` for a bare name, and `path` itself for a root.
func parentDirectory(of path: String) -> String {
  var rest = Substring(path)
  while rest.count > 1, rest.last == "/" { rest.removeLast() }
  guard let slash = rest.lastIndex(of: "/") else { return rest == "." ? path : "." }
  rest = rest[..<slash]
  while rest.count > 1, rest.last == "/" { rest.removeLast() }
  return rest.isEmpty ? "/" : String(rest)
}
