import IngestDriver
import StorageBase
import StorageIO

/// The files of a stream: one, those of a directory, or those whose names fit a pattern. Each is a
/// partition. Immutable and thread-safe.
struct TextFiles: Sendable {
  /// Names that end so are of files that somebody is still writing.
  private static let unfinished = [".tmp", ".part", ".crdownload", "~"]

  let path: String
  private let files: any FileSystem
  private let directory: String
  /// Nil for a single file.
  private let pattern: NamePattern?

  /// - Parameter path: a file, a directory, or a path whose last part has `*` or `?` in it.
  /// - Throws: `StorageError` when there is nothing of that name, or a directory of none.
  init(_ path: String, files: any FileSystem) throws {
    self.path = path
    self.files = files
    let slash = path.lastIndex(of: "/")
    let last = slash.map { String(path[path.index(after: $0)...]) } ?? path
    let before = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    if last.contains(where: { $0 == "*" || $0 == "?" }) {
      pattern = NamePattern(last)
      directory = before
    } else if try Self.isDirectory(path, files) {
      pattern = NamePattern("*")
      directory = path
    } else {
      pattern = nil
      directory = before
    }
  }

  private static func isDirectory(_ path: String, _ files: any FileSystem) throws -> Bool {
    do {
      _ = try files.openForReading(path, cause: .tool)
      return false
    } catch {
      // A directory cannot be opened as a file; what is not there can be neither.
      _ = try files.listDirectory(path)
      return true
    }
  }

  /// The paths of the files there are now, sorted.
  func list() throws -> [String] {
    guard let pattern else { return [path] }
    return try files.listDirectory(directory).filter { name in
      !name.hasPrefix(".") && !Self.unfinished.contains { name.hasSuffix($0) }
        && pattern.matches(name)
    }.map { directory == "." && !path.hasPrefix("./") ? $0 : directory + "/" + $0 }.sorted()
  }
}

/// A name with `*` for any text, and `?` for any character.
struct NamePattern: Sendable {
  private let pattern: [Character]

  init(_ pattern: String) { self.pattern = Array(pattern) }

  /// Linear in the name times the stars.
  func matches(_ name: String) -> Bool {
    let name = Array(name)
    var (at, place) = (0, 0)
    // Where to go on when the last star takes one more character.
    var retry: (at: Int, place: Int)?
    while at < name.count {
      if place < pattern.count, pattern[place] == "*" {
        retry = (at, place)
        place += 1
      } else if place < pattern.count, pattern[place] == "?" || pattern[place] == name[at] {
        at += 1
        place += 1
      } else if let star = retry {
        retry = (star.at + 1, star.place)
        at = star.at + 1
        place = star.place + 1
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == "*" }
  }
}
