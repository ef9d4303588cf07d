import Glibc
import StorageBase

/// The directories of an in-memory file system, and which of their entries were synced.
///
/// Changes of entries wait in one list, in the order they were made, until a sync of a directory
/// they touch. A rename between two directories is one change that touches both, so it survives a
/// crash as a whole or not at all.
struct MemoryTree: Sendable {
  /// Index into `directories`; never reused.
  typealias DirectoryID = Int

  enum Entry: Sendable {
    case file(MemoryInode)
    case directory(DirectoryID)
  }

  struct Directory: Sendable {
    var entries: [String: Entry] = [:]
    var synced: [String: Entry] = [:]
  }

  /// One name given a meaning, or none.
  struct Edit: Sendable {
    let directory: DirectoryID
    let name: String
    let entry: Entry?
  }

  static let root: DirectoryID = 0

  var directories = [Directory()]
  /// Changes that a crash may undo, oldest first; the edits of one happen together.
  var pending: [[Edit]] = []

  /// The names on the way to `path` from the root, which is also the working directory. `..`
  /// takes back the name before it, whether or not there is a directory of that name.
  static func components(_ path: String) -> [String] {
    var names: [String] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = names.popLast() } else { names.append(String(part)) }
    }
    return names
  }

  func entries(of directory: DirectoryID) -> [String: Entry] { directories[directory].entries }

  /// - Throws: `StorageError.io` with ENOENT for no such name, ENOTDIR for one under a file.
  func require(
    _ components: some Collection<String>, _ operation: String, _ path: String
  ) throws -> Entry {
    var entry = Entry.directory(Self.root)
    for name in components {
      guard case .directory(let directory) = entry else {
        throw StorageError.system(operation, path, code: ENOTDIR)
      }
      guard let next = entries(of: directory)[name] else {
        throw StorageError.system(operation, path, code: ENOENT)
      }
      entry = next
    }
    return entry
  }

  func exists(_ path: String) -> Bool {
    do {
      _ = try require(Self.components(path), "look up", path)
      return true
    } catch {
      return false
    }
  }

  func requireDirectory(
    _ components: some Collection<String>, _ operation: String, _ path: String
  ) throws -> DirectoryID {
    guard case .directory(let directory) = try require(components, operation, path) else {
      throw StorageError.system(operation, path, code: ENOTDIR)
    }
    return directory
  }

  func requireFile(_ path: String, _ operation: String) throws -> MemoryInode {
    guard case .file(let inode) = try require(Self.components(path), operation, path) else {
      throw StorageError.system(operation, path, code: EISDIR)
    }
    return inode
  }

  /// The directory that holds the last name of `path`, and that name.
  func requirePlace(
    _ path: String, _ operation: String
  ) throws -> (directory: DirectoryID, name: String) {
    let components = Self.components(path)
    guard let name = components.last else {
      throw StorageError.system(operation, path, code: EISDIR)
    }
    return (try requireDirectory(components.dropLast(), operation, path), name)
  }

  /// The bytes of all files that have a name; those of one that has several count once.
  var byteCount: Int {
    var counted: Set<ObjectIdentifier> = []
    return directories.reduce(0) { sum, directory in
      directory.entries.values.reduce(sum) { sum, entry in
        guard case .file(let inode) = entry, counted.insert(ObjectIdentifier(inode)).inserted
        else { return sum }
        return sum + inode.contents.withLock { $0.fileByteCount }
      }
    }
  }
}
