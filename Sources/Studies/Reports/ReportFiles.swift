import BenchKit
import StorageBase

/// The result files of a folder, as text, by their paths inside it.
public struct ReportFiles: Sendable {
  /// As given on the command line.
  public let folder: String
  private let texts: [String: String]

  public init(folder: String, texts: [String: String]) {
    self.folder = folder
    self.texts = texts
  }

  /// What a report reads: names of files, in the folder or in folders of it.
  public static let names: Set = [
    SummaryRow.fileName, TimelineRow.fileName, CompactionRow.fileName, OperationRow.fileName,
    SweepRow.fileName, SustainRow.fileName,
  ]

  /// The table in a file; nil if there is no such file.
  public func table(_ path: String) -> CSVTable? { texts[path].map { CSVTable(text: $0) } }

  /// The folders that hold a run, by name; the empty path is the folder itself.
  public var runs: [String] {
    texts.keys.filter { $0 == SummaryRow.fileName || $0.hasSuffix("/" + SummaryRow.fileName) }
      .map { String($0.dropLast(SummaryRow.fileName.count)) }.sorted()
  }

  /// The page for what is in the folder: a sweep, the two phases, a run, or several to compare.
  /// - Throws: `StorageError.invalidArgument` if there is nothing to report on.
  public func page() throws -> ReportPage {
    if let sweep = table(SweepRow.fileName) {
      return SweepPage(sweep, folder: folder).page
    }
    if let phases = table(SustainRow.fileName) {
      return SustainPage(phases, folder: folder).page
    }
    let runs = runs.compactMap { RunTables(self, path: $0) }
    guard !runs.isEmpty else {
      throw StorageError.invalidArgument(
        name: "folder", value: folder,
        reason: "it holds none of \(Self.names.sorted().joined(separator: ", ")), nor has it "
          + "folders with summary.csv; give the folder of a run, a comparison or a sweep")
    }
    return RunPage(runs, folder: folder).page
  }
}

/// The tables of one run.
struct RunTables: Sendable {
  let summary: CSVTable
  let timeline: CSVTable?
  let compactions: CSVTable?
  let operations: CSVTable?

  /// Nil for a run that has not ended.
  init?(_ files: ReportFiles, path: String) {
    guard let summary = files.table(path + SummaryRow.fileName), !summary.rows.isEmpty else {
      return nil
    }
    self.summary = summary
    timeline = files.table(path + TimelineRow.fileName)
    compactions = files.table(path + CompactionRow.fileName)
    operations = files.table(path + OperationRow.fileName)
  }

  func field(_ column: String) -> String { summary.field(column, of: summary.rows[0]) }

  func number(_ column: String) -> Double? { summary.number(column, of: summary.rows[0]) }
}
