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
    let files = PosixFileSystem()
    // What cannot be removed stays in the system's temporary folder; the figures are not touched.
    do { try Self.removeTree(path, files) } catch {}
  }

  private static func removeTree(_ path: String, _ files: PosixFileSystem) throws {
    for name in try files.listDirectory(path) {
      let child = "\(path)/\(name)"
      do { try files.remove(child) } catch { try removeTree(child, files) }
    }
    try files.removeDirectory(path)
  }
}
