import StorageBase

extension FileSystem {
  /// Creates a directory and its parents so that they are found again after a crash. One that is
  /// there may have been created by somebody who failed to make it durable.
  public func createDurableDirectory(_ path: String) throws {
    let parent = parentDirectory(of: path)
    if try !exists(path) {
      try createDurableDirectory(parent)
      try createDirectory(path)
    }
    try syncDirectory(parent, cause: .checkpoint)
  }
}
