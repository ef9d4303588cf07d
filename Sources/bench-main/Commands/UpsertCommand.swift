import ArgumentParser
import BenchKit
import StorageIO
import TabletEngine

struct UpsertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upsert",
    abstract: "Times durable upserts into a unique-key table, and what they cost readers.",
    discussion: """
      One writer loads states of orders, 80 of 100 rows for orders that are there (by Zipf's law), \
      sorted and encoded in the time; every commit is on disk and visible when it returns, and \
      compaction runs beside it. Then checkpoints are made beside such loads: how long one takes, \
      and the longest load meanwhile. Then the same rows are scanned in a table with duplicate \
      keys, in one with unique keys after compaction, and with a tenth of its rows marked deleted. \
      At last a store is closed and opened, and its hash key index built from the key columns.

      "Logical bytes" are those of the values as a client sends them: fixed-width values at their \
      width, strings at their length. "Bytes written" counts what the engine gives to files, by \
      cause; "device bytes" what the system counts for the process, in whole sectors or pages. \
      Zeros that the log runs ahead of its commits are in both.

      EXAMPLES
        bench upsert
        bench upsert --index sorted --rows 200000 --only upsert --csv upsert.csv
        bench upsert --merge on-read --policy num-based
      """)

  enum Part: String, CaseIterable, ExpressibleByArgument {
    case upsert, checkpoint, scan, rebuild
  }

  @Option(help: "A folder on the disk in question; a temporary one unless told.")
  var data: String?

  @Option(help: "Orders that are there at the beginning.")
  var rows = 1_000_000

  @Option(help: "Rows of a commit; may be repeated.")
  var batch: [Int] = [100, 1000, 10_000]

  @Option(help: "Rounds; figures are medians, with the least and the greatest.")
  var rounds = 3

  @Option(help: "Seconds of each timed stretch.")
  var seconds = 3.0

  @Option(help: "The key index: hash or sorted.")
  var index = UniqueKeyOptions.Index.hash

  @Option(help: "When rows of equal keys become one: on-write or on-read.")
  var merge = UniqueKeyOptions.Merge.onWrite

  @Option(help: "The compaction policy; unless told a merge waits for 50 loads.")
  var policy = "gradient:min_deltas=50"

  @Option(help: "Measures only this part; may be repeated.")
  var only: [Part] = []

  @Option(help: "Writes the figures to this file; - for standard output.")
  var csv: String?

  func validate() throws {
    guard rows >= 1, rounds >= 1, seconds > 0, seconds <= 3600, batch.allSatisfy({ $0 >= 1 }) else {
      throw ValidationError("--rows, --batch and --rounds are at least 1, --seconds at most 3600")
    }
  }

  func run() throws {
    try withErrorsReported {
      let directory = try DataDirectory(data, runID: "upsert")
      defer { directory.removeIfTemporary() }
      try PosixFileSystem().createDirectory(directory.path)
      let bed = UpsertBed(
        folder: directory.path, seconds: seconds, rowCount: rows,
        options: UniqueKeyOptions(merge: merge, index: index), policy: policy)
      var findings = CommitFindings()
      for _ in 0..<rounds {
        if only.isEmpty || only.contains(.upsert) {
          for count in batch { try bed.measureUpserts(count, into: &findings) }
        }
        if only.isEmpty || only.contains(.checkpoint) {
          try bed.measureCheckpoints(into: &findings)
        }
        if only.isEmpty || only.contains(.scan) { try bed.measureScans(into: &findings) }
        if only.isEmpty || only.contains(.rebuild) { try bed.measureRebuild(into: &findings) }
      }
      try findings.report(
        "\(rows) orders, \(merge.rawValue), \(index.rawValue) index",
        measuredAt: directory.path, csv: csv)
    }
  }
}

extension UniqueKeyOptions.Index: ExpressibleByArgument {}
extension UniqueKeyOptions.Merge: ExpressibleByArgument {}
