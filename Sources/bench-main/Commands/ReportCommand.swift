import ArgumentParser
import Glibc
import StorageIO
import Studies

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Draws a run, a comparison or a sweep as one HTML page that stands alone.",
    discussion: """
      The page needs no network and no script. It is written into the folder as report.html.

      EXAMPLES
        bench report bench-results/20261127T101112Z-gradient-k3f9t2
        bench report bench-results
            all runs in the folder side by side
        bench report bench-results/sweep-policies
      """)

  @Argument(help: "The folder of a run, of several runs, of a sweep, or with sustain.csv.")
  var folder: String

  @Option(help: "Where the page goes; report.html in the folder unless told.")
  var out: String?

  func run() throws {
    try withErrorsReported {
      let root = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
      let page = try ReportFiles(folder: root, texts: try Self.texts(in: root)).page()
      let path = out ?? "\(root)/report.html"
      try save(page.html, path)
      print(path)
    }
  }

  /// The files a report reads, in the folder and in folders of it, by their paths inside it.
  private static func texts(in root: String) throws -> [String: String] {
    var texts: [String: String] = [:]
    for name in try PosixFileSystem().listDirectory(root) {
      let inner = ReportFiles.names.map { "\(name)/\($0)" }
      let paths = ReportFiles.names.contains(name) ? [name] : inner
      for path in paths where access("\(root)/\(path)", R_OK) == 0 {
        texts[path] = try readInput("\(root)/\(path)")
      }
    }
    return texts
  }
}
