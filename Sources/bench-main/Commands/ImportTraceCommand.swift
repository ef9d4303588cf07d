import ArgumentParser
import PolicyLab
import StorageBase

struct ImportTraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import-trace",
    abstract: "Makes a trace from the records of another system.",
    discussion: """
      EXAMPLES
        curl 'http://HOST:8040/api/compaction/show?tablet_id=10015' > tablet.json
        bench import-trace --from doris tablet.json --out tablet.trace
        bench explain tablet.trace --policy gradient
            what would be done with this tablet of Apache Doris, and why nothing else

        clickhouse-client -q 'SELECT * FROM system.part_log FORMAT CSVWithNames' > parts.csv
        bench import-trace --from clickhouse parts.csv --out parts.trace
        bench replay parts.trace --policy tiered

        bench import-trace --from rocksdb LOG --out flushes.trace
            the events behind EVENT_LOG_v1: flushes become loads
      """)

  @Option(help: "doris, clickhouse or rocksdb.")
  var from: String

  @Argument(help: "The records.")
  var file: String

  @Option(help: "The trace to write.")
  var out: String

  @Option(help: "Of the table: duplicate or unique.")
  var keys = "duplicate"

  @Option(help: "The number of the first tablet.")
  var tablet: UInt64 = 1

  func validate() throws {
    guard ["unique", "duplicate"].contains(keys) else {
      throw ValidationError("--keys is \(keys); write unique or duplicate")
    }
    guard tablet <= 1 << 60 else { throw ValidationError("--tablet is too large") }
  }

  func run() throws {
    try withErrorsReported {
      guard let records = ForeignRecords(rawValue: from) else {
        throw StorageError.unknownName(
          kind: "kind of records", name: from, known: ForeignRecords.allCases.map(\.rawValue))
      }
      let imported = try records.trace(
        of: try readAll(file), file: file,
        options: ImportOptions(
          keysModel: keys == "unique" ? .unique : .duplicate,
          tablet: TabletID(rawValue: tablet)))
      try save(imported.trace.text, out)
      for note in imported.notes { print(note) }
      print("\(imported.trace.events.count) events in \(out)")
    }
  }
}
