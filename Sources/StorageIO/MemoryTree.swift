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

  // MARK: Looking up

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
  private func require(
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
  private func requirePlace(
    _ path: String, _ operation: String
  ) throws -> (directory: DirectoryID, name: String) {
    let components = Self.components(path)
    guard let name = components.last else {
      throw StorageError.system(operation, path, code: EISDIR)
    }
    return (try requireDirectory(components.dropLast(), operation, path), name)
  }

  /// The bytes of all files that have a name.
  var byteCount: Int {
    directories.reduce(0) { sum, directory in
      directory.entries.values.reduce(sum) { sum, entry in
        guard case .file(let inode) = entry else { return sum }
        return sum + inode.contents.withLock { $0.bytes.count }
      }
    }
  }

  // MARK: Changing

  private mutating func apply(_ edits: [Edit]) {
    for edit in edits { directories[edit.directory].entries[edit.name] = edit.entry }
    pending.append(edits)
  }

  mutating func link(_ inode: MemoryInode, at path: String) throws {
    let place = try requirePlace(path, "create")
    if case .directory? = entries(of: place.directory)[place.name] {
      throw StorageError.system("create", path, code: EISDIR)
    }
    apply([Edit(directory: place.directory, name: place.name, entry: .file(inode))])
  }

  mutating func createDirectory(_ path: String) throws {
    var parent = Self.root
    let components = Self.components(path)
    for (index, name) in components.enumerated() {
      switch entries(of: parent)[name] {
      case .directory(let directory): parent = directory
      case .file:
        let code = index == components.count - 1 ? EEXIST : ENOTDIR
        throw StorageError.system("create directory", path, code: code)
      case nil:
        directories.append(Directory())
        let directory = directories.count - 1
        apply([Edit(directory: parent, name: name, entry: .directory(directory))])
        parent = directory
      }
    }
  }

  /// Checks in the order of Linux, so that errors are the same.
  mutating func rename(_ source: String, to target: String) throws {
    func failure(_ code: Int32) -> StorageError { .system("rename", source, code: code) }
    let from = try requirePlace(source, "rename")
    let to = try requirePlace(target, "rename")
    guard let entry = entries(of: from.directory)[from.name] else { throw failure(ENOENT) }
    let (fromNames, toNames) = (Self.components(source), Self.components(target))
    if fromNames == toNames { return }
    if toNames.starts(with: fromNames) { throw failure(EINVAL) }
    if fromNames.starts(with: toNames) { throw failure(ENOTEMPTY) }
    switch (entry, entries(of: to.directory)[to.name]) {
    case (.file, .directory): throw failure(EISDIR)
    case (.directory, .file): throw failure(ENOTDIR)
    case (.directory, .directory(let replaced)):
      guard entries(of: replaced).isEmpty else { throw failure(ENOTEMPTY) }
    case (.file, .file), (_, nil): break
    }
    apply([
      Edit(directory: from.directory, name: from.name, entry: nil),
      Edit(directory: to.directory, name: to.name, entry: entry),
    ])
  }

  mutating func removeFile(_ path: String) throws {
    _ = try requireFile(path, "remove")
    let place = try requirePlace(path, "remove")
    apply([Edit(directory: place.directory, name: place.name, entry: nil)])
  }

  mutating func removeDirectory(_ path: String) throws {
    let operation = "remove directory"
    let directory = try requireDirectory(Self.components(path), operation, path)
    let place = try requirePlace(path, operation)
    guard entries(of: directory).isEmpty else {
      throw StorageError.system(operation, path, code: ENOTEMPTY)
    }
    apply([Edit(directory: place.directory, name: place.name, entry: nil)])
  }

  // MARK: Durability

  /// Makes the changes of one directory durable, and with them those of other directories that
  /// came before in a directory which shares a change with it.
  mutating func sync(_ directory: DirectoryID) {
    var touched: Set<DirectoryID> = [directory]
    var isDurable = [Bool](repeating: false, count: pending.count)
    for index in pending.indices.reversed() {
      let edits = pending[index]
      guard edits.contains(where: { touched.contains($0.directory) }) else { continue }
      isDurable[index] = true
      touched.formUnion(edits.map(\.directory))
    }
    for index in pending.indices where isDurable[index] { makeDurable(pending[index]) }
    pending = pending.indices.filter { !isDurable[$0] }.map { pending[$0] }
  }

  mutating func makeDurable(_ edits: [Edit]) {
    for edit in edits { directories[edit.directory].synced[edit.name] = edit.entry }
  }
}
