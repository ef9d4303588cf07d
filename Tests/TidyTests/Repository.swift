import Foundation

/// The files of this repository that people wrote, as text.
struct Repository {
  struct File {
    /// From the root, such as `Sources/StorageBase/Time.swift`.
    let path: String
    let text: String
    let lines: [Substring]
    /// Empty for a file in another language.
    let code: SwiftCode

    init(path: String, text: String) {
      self.path = path
      self.text = text
      lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      code = SwiftCode(path.hasSuffix(".swift") ? text : "")
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    /// The target of a source file; nil for other files.
    var target: String? {
      let parts = path.split(separator: "/")
      return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
  }

  let root: URL
  let files: [File]

  /// Reads the files once; the tests share them.
  static let shared = Repository()

  private init() {
    root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let kinds: Set<String> = ["swift", "c", "h", "md", "yaml", "yml", "cff"]
    let names = ["Package.swift", "README.md", "ARCHITECTURE.md", "CITATION.cff", "dev", ".ci/run"]
    var paths = names
    for folder in ["Sources", "Tests", "Benchmarks", "papers", "notebooks-data"] {
      let below = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
      for case let path as String in below ?? FileManager.DirectoryEnumerator()
      where kinds.contains(URL(filePath: path).pathExtension) && !path.contains(".build/") {
        paths.append("\(folder)/\(path)")
      }
    }
    files = paths.sorted().compactMap { [root] path in
      guard let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8)
      else { return nil }
      return File(path: path, text: text)
    }
  }

  func file(_ path: String) -> File? { files.first { $0.path == path } }

  /// The folders of `Sources`, which are the targets' names.
  var targetFolders: Set<String> { Set(files.compactMap(\.target)) }
}
