import BenchKit
import Foundation
import Testing

@testable import Studies

/// The files in `notebooks-data` are what their commands make. Those that take long are left to
/// `bench figure all`.
@Suite struct ShippedFigureTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "notebooks-data")

  @Test func quickFiguresAreUpToDate() throws {
    for figure in [UniversalLimitFigure(), CollapsedCascadesFigure()] as [any Figure] {
      for file in try figure.files({ _ in }) {
        let path = Self.folder.appending(path: file.name)
        let shipped = try String(contentsOf: path, encoding: .utf8)
        #expect(shipped == file.text, "make \(file.name) anew: bench figure \(figure.name)")
      }
    }
  }

  @Test func everyFileTheNotebookReadsIsThere() throws {
    let notebook = try String(
      contentsOf: Self.folder.appending(path: "figures.ipynb"), encoding: .utf8)
    let names = notebook.matches(of: /\bread\(\\"([^"]+)\\"\)/).map { String($0.1) }
    #expect(names.count >= 6)
    for name in names {
      let path = Self.folder.appending(path: "\(name).csv")
      let table = CSVTable(text: try String(contentsOf: path, encoding: .utf8))
      #expect(!table.rows.isEmpty, "\(name).csv")
    }
    // Results are drawn anew, not kept.
    #expect(!notebook.contains("image/png"))
  }
}
