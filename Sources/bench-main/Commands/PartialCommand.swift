import ArgumentParser
import BenchKit
import IngestDriver
import StorageIO
import TabletEngine

struct PartialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "partial",
    abstract: "Times partial updates of a table of 2 000 columns (the product360 workload).",
    discussion: """
      One writer updates whole rows; then one updates ten columns of them by key, then four \
      writers at once update 50, 10, 8 and 5 different columns: with rows that are completed and \
      written whole (rewrite, as Apache Doris does), and with deltas that hold what is given. \
      Every commit is on disk and visible when it returns; compaction runs beside it. What readers \
      pay is measured right after, and once compaction is at rest.

      EXAMPLES
        bench partial
        bench partial --users 50000 --only stream --strategy delta --csv partial.csv
        bench partial --columns 200 --batch 100 --policy num-based
        bench partial --users 2000 --row-store
      """)

  enum Part: String, CaseIterable, ExpressibleByArgument { case whole, stream, streams }

  @Option(help: "A folder on the disk in question; a temporary one unless told.")
  var data: String?

  @Option(help: "Users, each a row.")
  var users = 20_000

  @Option(help: "Columns of the table, 74 to 4096.")
  var columns = 2000

  @Option(help: "Keys of a commit.")
  var batch = 1000

  @Option(help: "Rounds; figures are medians, with the least and the greatest.")
  var rounds = 3

  @Option(help: "Seconds of each timed stretch.")
  var seconds = 3.0

  @Option(help: "How rows are updated: rewrite or delta; may be repeated, both unless told.")
  var strategy: [PartialUpdate.Strategy] = []

  @Option(help: "The key index: hash or sorted.")
  var index = UniqueKeyOptions.Index.hash

  @Flag(help: "Keeps all columns row by row as well.")
  var rowStore = false

  @Option(help: "The compaction policy.")
  var policy = "gradient"

  @Option(help: "Measures only this part: whole, stream or streams; may be repeated.")
  var only: [Part] = []

  @Option(help: "Writes the figures to this file; - for standard output.")
  var csv: String?

  func validate() throws {
    guard users >= 1, batch >= 1, rounds >= 1, seconds > 0, seconds <= 3600 else {
      throw ValidationError("--users, --batch and --rounds are at least 1, --seconds at most 3600")
    }
  }

  func run() throws {
    try withErrorsReported {
      var parameters = Product360.Parameters()
      parameters.columnCount = columns
      parameters.userCount = users
      let workload = try Product360(parameters)
      let directory = try DataDirectory(data, runID: "partial")
      defer { directory.removeIfTemporary() }
      try PosixFileSystem().createDirectory(directory.path)
      let bed = PartialBed(
        folder: directory.path, seconds: seconds, workload: workload, userCount: users,
        batchRowCount: batch, policy: policy, index: index,
        hasRowStore: rowStore)
      var findings = CommitFindings()
      for _ in 0..<rounds { try round(bed, &findings) }
      try findings.report(
        "\(users) users, \(columns) columns, \(batch) keys a commit, \(index.rawValue) index"
          + (rowStore ? ", row store" : ""),
        measuredAt: directory.path, csv: csv)
    }
  }

  private func round(_ bed: PartialBed, _ findings: inout CommitFindings) throws {
    func isWanted(_ part: Part) -> Bool { only.isEmpty || only.contains(part) }
    let strategies = strategy.isEmpty ? PartialUpdate.Strategy.allCases : strategy
    if isWanted(.whole) { try bed.measureWholeRows(into: &findings) }
    for strategy in strategies {
      if isWanted(.stream) { try bed.measureOneStream(strategy, into: &findings) }
      if isWanted(.streams) { try bed.measureAllStreams(strategy, into: &findings) }
    }
  }
}

extension PartialUpdate.Strategy: ExpressibleByArgument {}
