import ArgumentParser
import BenchKit
import StorageIO
import TabletEngine

struct LookupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lookup",
    abstract: "Looks rows up by their keys in a unique-key table, on one thread.",
    discussion: """
      Loads orders into a new table, one row for each number, with and without a row store, and \
      reads all columns of random rows: one key a call, and many. Everything has been read once \
      before. p50 and p99 are those of a call.

      EXAMPLES
        bench lookup
        bench lookup --rows 10000000 --buckets 4 --index sorted --csv
      """)

  @Option(help: "Rows of the table.")
  var rows = 1_000_000

  @Option(help: "Tablets of the table.")
  var buckets = 1

  @Option(help: "The key index: hash or sorted.")
  var index = UniqueKeyOptions.Index.hash.rawValue

  @Option(help: "Keys of a call with many.")
  var batch = 1000

  @Option(help: "Keys to look up in each measurement.")
  var keys = 200_000

  @Option(help: "A folder for the store; a temporary one when not given.")
  var data: String?

  @Flag(help: "Writes comma-separated values instead of a table.")
  var csv = false

  func validate() throws {
    guard rows >= 1, (1...64).contains(buckets), batch >= 1, keys >= 1 else {
      throw ValidationError("--buckets must be 1 to 64, the other numbers at least 1")
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
      for hasRowStore in [false, true] {
        findings += try LookupBench(
          folder: directory.path, rowCount: rows, bucketCount: buckets,
          index: UniqueKeyOptions.Index(rawValue: index) ?? .hash, hasRowStore: hasRowStore,
          batchCount: batch, probeCount: keys
        ).run()
      }
      if csv {
        print(LookupFinding.columns.joined(separator: ","))
        for finding in findings { print(finding.cells.joined(separator: ",")) }
        return
      }
      var table = TextTable(
        LookupFinding.columns.map {
          .init($0, $0 == "index" || $0 == "row_store" ? .leading : .trailing)
        })
      for finding in findings { table.append(finding.cells) }
      print(table.text)
    }
  }
}
