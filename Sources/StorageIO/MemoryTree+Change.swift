import Glibc
import StorageBase

// Changes of entries; each is one step that a crash keeps or undoes.
extension MemoryTree {
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

  /// Checks in the order of Linux, so that errors are the same.
  mutating func link(_ source: String, to target: String) throws {
    func failure(_ code: Int32) -> StorageError { .system("link", source, code: code) }
    let entry = try require(Self.components(source), "link", source)
    guard !Self.components(target).isEmpty else { throw failure(EEXIST) }
    let place = try requirePlace(target, "link")
    guard entries(of: place.directory)[place.name] == nil else { throw failure(EEXIST) }
    guard case .file = entry else { throw failure(EPERM) }
    apply([Edit(directory: place.directory, name: place.name, entry: entry)])
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
    // Two names of one file: POSIX wants nothing done.
    case (.file(let file), .file(let other)) where file === other: return
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

}

// Durability.
extension MemoryTree {
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
