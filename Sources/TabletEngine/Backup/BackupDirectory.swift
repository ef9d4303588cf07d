import StorageBase
import StorageIO

/// A directory that was new or empty when it was chosen for a copy of a store, so that whatever is
/// in it later belongs to that copy.
struct BackupDirectory {
  private let layout: StoreLayout
  private let files: any FileSystem
  /// Whether the directory itself was made for the copy.
  private let isNew: Bool

  /// - Throws: `StorageError` when there is something in it, or when it lies in a store, where
  ///   nobody expects files that are not the store's.
  static func prepare(_ layout: StoreLayout, _ files: any FileSystem) throws -> BackupDirectory {
    let path = layout.root
    let isNew = try !files.exists(path)
    if !isNew {
      if try files.exists(layout.identity) {
        throw StorageError.alreadyExists(kind: "store", name: path)
      }
      let found = try files.listDirectory(path)
      guard found.isEmpty else {
        throw StorageError.invalidArgument(
          name: "destination", value: path,
          reason: "it is not empty (\(found.prefix(3).joined(separator: ", "))); "
            + "give an empty or new directory")
      }
    }
    try files.createDurableDirectory(path)
    let directory = BackupDirectory(layout: layout, files: files, isNew: isNew)
    do {
      if let store = try directory.enclosingStore() {
        throw StorageError.invalidArgument(
          name: "destination", value: path,
          reason: "it lies in the store \(store); give a directory outside of it")
      }
    } catch {
      directory.discard()
      throw error
    }
    return directory
  }

  /// A store has directories to this depth. The system follows `..` whatever links led here, which
  /// a comparison of paths would not.
  private static let storeDepth = 3

  private func enclosingStore() throws -> String? {
    var path = layout.root
    for _ in 0..<Self.storeDepth {
      path += "/.."
      if try files.exists(StoreLayout(root: path).identity) { return path }
    }
    return nil
  }

  /// Removes what was written, as far as the disk lets it: first, and durably, the file that says
  /// that this is a store.
  func discard() {
    do {
      if try files.exists(layout.identity) {
        try files.remove(layout.identity)
        try files.syncDirectory(layout.root, cause: .tool)
      }
      try removeContents(of: layout.root, depth: 0)
      if isNew { try files.removeDirectory(layout.root) }
    } catch {
      // The failure that led here is the one to tell; what is left is no store.
    }
  }

  private func removeContents(of directory: String, depth: Int) throws {
    for name in try files.listDirectory(directory) {
      let path = directory + "/" + name
      // Directories are where the layout has them; anything else is a file.
      if isDirectory(path, depth: depth) {
        try removeContents(of: path, depth: depth + 1)
        try files.removeDirectory(path)
      } else {
        try files.remove(path)
      }
    }
  }

  private func isDirectory(_ path: String, depth: Int) -> Bool {
    switch depth {
    case 0: [layout.logDirectory, layout.checkpointDirectory, layout.dataDirectory].contains(path)
    case 1: path.hasPrefix(layout.dataDirectory + "/")
    default: false
    }
  }
}
