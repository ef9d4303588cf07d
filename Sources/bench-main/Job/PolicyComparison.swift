import BenchKit
import StorageBase

/// Reports of the same job under several policies.
struct PolicyComparison {
  private var reports: [JobReport] = []

  mutating func add(_ report: JobReport) {
    reports.append(report)
    print(report.text)
  }

  var isSound: Bool { reports.allSatisfy(\.isSound) }

  private var rows: [SummaryRow] { reports.map(\.summary) }

  var text: String {
    var lines = ["", "comparison, same rows under each policy:", "", SummaryTable(rows: rows).text]
    if let first = rows.first, let base = first.bytesCompactedWritten, base > 0 {
      for row in rows.dropFirst() {
        guard let written = row.bytesCompactedWritten else { continue }
        let ratio = formatFixed(Double(written) / Double(base), places: 2)
        lines.append(
          "\(row.policy): compaction wrote \(ratio) times the bytes of \(first.policy)")
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Writes the summary rows into one file and returns its path.
  func write(to directory: String) throws -> String {
    let path = "\(directory)/compare-\(rows.first?.runID ?? "empty").csv"
    let lines = [SummaryRow.header] + rows.map(\.line)
    try save(lines.joined(separator: "\n") + "\n", path)
    return path
  }
}
