import ArgumentParser
import BenchKit
import SegmentFormat
import StorageIO
import TabletEngine

struct LookupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lookup",
    abstract: "Looks rows up by their keys in a unique-key table, on one thread.",
    discussion: """
      Loads orders into a new table, one row for each number, with and without a row store, and \
      reads all columns of random rows: as values of one row after the other, and as columns of \
      all rows of a request. Everything has been read once before. p50, p99 and p999 are those of \
      a request; keys_per_s is by the time of the processor.

      EXAMPLES
        bench lookup
        bench lookup --rows 10000000 --buckets 4 --index sorted --csv
        bench lookup --row-store none --row-store lz4 --batch 1
      """)

  @Option(help: "Rows of the table.")
  var rows = 1_000_000

  @Option(help: "Tablets of the table.")
  var buckets = 1

  @Option(help: "The key index: hash or sorted.")
  var index = UniqueKeyOptions.Index.hash.rawValue

  @Option(help: "Keys of a request; repeat for more measurements. (default: 1, 10, 100, 1000)")
  var batch: [Int] = []

  @Option(help: "Keys to look up in each measurement.")
  var keys = 200_000

  @Option(
    help: """
      The row store: absent, or the compression of its pages (none, lz4, zstd, zstd:LEVEL); repeat \
      for more tables. (default: absent, none)
      """)
  var rowStore: [String] = []

  @Option(help: "A folder for the store; a temporary one when not given.")
  var data: String?

  @Flag(help: "Writes comma-separated values instead of a table.")
  var csv = false

  func validate() throws {
    guard rows >= 1, (1...64).contains(buckets), batch.allSatisfy({ $0 >= 1 }), keys >= 1
    else {
      throw ValidationError("--buckets must be 1 to 64, the other numbers at least 1")
    }
    for form in rowStore where form != "absent" && Compression(form) == nil {
      throw ValidationError("--row-store must be absent, none, lz4 or zstd, not \(form)")
    }
    guard UniqueKeyOptions.Index(rawValue: index) != nil else {
      throw ValidationError("--index must be hash or sorted")
    }
  }

  func run() throws {
    try withErrorsReported {
      let directory = try DataDirectory(data, runID: "lookup")
      defer { directory.removeIfTemporary() }
      try PosixFileSystem().createDirectory(directory.path)
      var findings: [LookupFinding] = []
      for form in rowStore.isEmpty ? ["absent", "none"] : rowStore {
        findings += try LookupBench(
          folder: directory.path, rowCount: rows, bucketCount: buckets,
          index: UniqueKeyOptions.Index(rawValue: index) ?? .hash, rowStore: Compression(form),
          batchCounts: batch.isEmpty ? [1, 10, 100, 1000] : batch, probeCount: keys
        ).run()
      }
      if csv {
        print(LookupFinding.columns.joined(separator: ","))
        for finding in findings { print(finding.cells.joined(separator: ",")) }
        return
      }
      var table = TextTable(
        LookupFinding.columns.map {
          .init($0, ["index", "row_store", "result"].contains($0) ? .leading : .trailing)
        })
      for finding in findings { table.append(finding.cells) }
      print(table.text)
    }
  }
}
