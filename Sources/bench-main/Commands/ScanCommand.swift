import ArgumentParser
import BenchKit
import Glibc
import QueryEngine
import StorageBase
import StorageIO
import TabletEngine

struct ScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Times six queries over TPC-H lineitem beside the speed of memory.",
    discussion: """
      The table comes from `sediment load` (the page of TPC-H in the README). Every query runs \
      once to warm the caches; bytes are those of the stored pages it read, and the ceiling is a \
      plain loop over memory by as many threads, measured in the same run.

      EXAMPLES
        bench scan --data /tmp/tpch/table
        bench scan --data /tmp/tpch/table --threads 1 --repeat 21 --csv scan.csv
      """)

  @Option(help: "The store that holds lineitem.")
  var data: String

  @Option(help: "The table.")
  var table = "lineitem"

  @Option(help: "Threads that work on one query.")
  var threads = 2

  @Option(name: .customLong("repeat"), help: "Timed runs of each query.")
  var repeatCount = 9

  @Option(help: "Runs only this query; may be repeated.")
  var query: [String] = []

  @Option(help: "Writes the figures to this file; - for standard output.")
  var csv: String?

  @Flag(help: "Prints the answers, as CSV after a line `# QUERY`, instead of the times.")
  var answers = false

  func validate() throws {
    guard (1...256).contains(threads), repeatCount >= 1 else {
      throw ValidationError("--threads must be 1 to 256, --repeat at least 1")
    }
    let known = ScanQuery.all.map(\.name)
    for name in query where !known.contains(name) {
      throw ValidationError("no query \(name); there are \(known.joined(separator: ", "))")
    }
  }

  func run() throws {
    try withErrorsReported {
      let store = try Store.open(data, files: PosixFileSystem(), clock: SystemClock())
      let snapshot = try store.snapshot(of: table)
      let pool = try WorkerPool(name: "scan", threadCount: threads)
      let parallelism = Parallelism(threadCount: threads, executor: pool)
      let chosen = ScanQuery.all.filter { query.isEmpty || query.contains($0.name) }
      if answers {
        for one in chosen {
          let result = try one.query.run(on: snapshot, parallelism: parallelism).result
          print("# \(one.name)\n\(result.csv)", terminator: "")
        }
        return
      }
      let ceiling = MemoryCeiling()
      let single = ceiling.bytesPerSecond(threadCount: 1, pool: pool, repeatCount: 5)
      let shared = ceiling.bytesPerSecond(threadCount: threads, pool: pool, repeatCount: 5)
      let found = try chosen.map {
        try ScanMeasurement(
          $0, on: snapshot, parallelism: parallelism, repeatCount: repeatCount)
      }
      if csv != "-" { report(found, snapshot, single: single, shared: shared) }
      let lines = found.map { $0.csvLine(threadCount: threads, ceiling: shared) }
      let text = ([ScanMeasurement.csvHeader] + lines).joined(separator: "\n") + "\n"
      guard let csv else { return }
      try csv == "-"
        ? writeAll(text, to: STDOUT_FILENO, name: "standard output") : save(text, csv)
    }
  }

  private func report(
    _ found: [ScanMeasurement], _ table: TableSnapshot, single: Double, shared: Double
  ) {
    let rows = table.tablets.reduce(0) { $0 + $1.rowCount }
    let segments = table.tablets.reduce(0) { $0 + $1.segments.count }
    let bytes = table.tablets.reduce(0) { $0 + $1.byteCount }
    print("\(rows) rows in \(segments) segments, \(formatBytes(bytes))")
    print(
      "memory is read at \(formatFixed(single / 1e9, places: 1)) GB/s by one thread, "
        + "\(formatFixed(shared / 1e9, places: 1)) GB/s by \(threads)")
    var text = TextTable([
      .init("query", .leading), .init("median ms"), .init("min"), .init("max"),
      .init("CPU ms"), .init("stored"), .init("GB/s"), .init("% of ceiling"),
    ])
    for one in found {
      text.append([
        one.name, formatFixed(one.median, places: 2),
        formatFixed(one.milliseconds.first ?? 0, places: 2),
        formatFixed(one.milliseconds.last ?? 0, places: 2),
        formatFixed(one.cpuMilliseconds, places: 2), formatBytes(one.work.bytesStored),
        formatFixed(one.bytesPerSecond / 1e9, places: 2),
        formatFixed(one.bytesPerSecond / shared * 100, places: 1),
      ])
    }
    print(text.text)
  }
}
