import Glibc
import StorageBase
import StorageIO

/// Where a run keeps its tables.
struct DataDirectory {
  let path: String
  private let isTemporary: Bool

  /// - Parameter chosen: what the user asked for; nil for a new temporary folder.
  init(_ chosen: String?, runID: String) throws {
    isTemporary = chosen == nil
    let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    path = chosen ?? "\(temporary)/sediment-\(runID)-\(getpid())"
  }

  /// The nearest folder around it that is there already: on the same file system.
  var existingPath: String {
    var candidate = Substring(path)
    while !candidate.isEmpty, access(String(candidate), F_OK) != 0 {
      candidate = candidate[..<(candidate.lastIndex(of: "/") ?? candidate.startIndex)]
    }
    return candidate.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : String(candidate)
  }

  func removeIfTemporary() {
    guard isTemporary else { return }
    Self.remove(path)
  }

  /// Removes a folder with all in it. What cannot be removed stays; figures are not touched.
  static func remove(_ path: String) {
    do { try removeTree(path, PosixFileSystem()) } catch {}
  }

  private static func removeTree(_ path: String, _ files: PosixFileSystem) throws {
    for name in try files.listDirectory(path) {
      let child = "\(path)/\(name)"
      do { try files.remove(child) } catch { try removeTree(child, files) }
    }
    try files.removeDirectory(path)
  }
}
