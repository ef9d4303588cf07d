import ArgumentParser
import BenchKit
import IngestDriver
import StorageIO
import StreamDriver

struct IngestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest",
    abstract: "Measures streams into a table: rows a second, latency, memory, work by stage.",
    discussion: """
      Order events go through the streaming driver, exactly once: every writer puts its rows into \
      a load, pre-commits it at each checkpoint, and it is committed when that is durable. \
      Compaction runs beside it. With --delivery batch loads are committed as soon as they have \
      --batch-rows rows, as batch connectors do it, and rows may come twice after a crash.

      "Visible after" counts from when an event was due until queries see it, for each batch of \
      rows from its first one; without --rate events are due when they are made. "Logical bytes" \
      are those of the values as a client sends them.

      EXAMPLES
        bench ingest                                        # 1 to 32 writers, as fast as they can
        bench ingest --writers 20 --checkpoint 5 --seconds 30
        bench ingest --writers 4 --checkpoint 0.1 --checkpoint 1 --rate 100000
        bench ingest --writers 1 --input lineitem.csv       # how fast a thread loads text
        bench ingest --writers 4 --delivery batch --rate 100000 --csv ingest.csv
      """)

  enum DeliveryName: String, CaseIterable, ExpressibleByArgument {
    case exactlyOnce = "exactly-once"
    case batch
  }

  @Option(help: "Parallel writers; may be repeated.")
  var writers: [Int] = [1, 2, 4, 8, 16, 32]

  @Option(help: "Seconds between checkpoints; may be repeated.")
  var checkpoint: [Double] = [1]

  @Option(help: "Rows per second of all writers together; unless told as many as they can.")
  var rate: Double?

  @Option(help: "A text file or directory whose rows are loaded in place of order events.")
  var input: String?

  @Option(help: "YAML file that maps the columns of --input; without it types are guessed.")
  var mapping: String?

  @Option(help: "How rows are handed over: exactly-once or batch.")
  var delivery = DeliveryName.exactlyOnce

  @Option(help: "Rows of a load with --delivery batch.")
  var batchRows = 10_000

  @Option(help: "Seconds of each run.")
  var seconds = 10.0

  @Option(help: "Rounds; figures are medians, with the least and the greatest.")
  var rounds = 1

  @Option(help: "The compaction policy.")
  var policy = "gradient"

  @Option(help: "Tablets of the table.")
  var buckets = 4

  @Option(
    help: """
      MiB of rows that all writers together hold before they sort and write them; unless told 64, \
      and 24 with more than four writers.
      """)
  var bufferMib: Int?

  @Option(help: "A folder on the disk in question; a temporary one unless told.")
  var data: String?

  @Option(help: "Writes the figures to this file; - for standard output.")
  var csv: String?

  func validate() throws {
    guard writers.allSatisfy({ (1...1024).contains($0) }), checkpoint.allSatisfy({ $0 >= 0.001 }),
      rate.map({ $0 > 0 }) ?? true, batchRows >= 1, seconds > 0, rounds >= 1, buckets >= 1,
      bufferMib ?? 1 >= 1
    else {
      throw ValidationError(
        "--writers are 1 to 1024, --checkpoint at least 0.001, all others more than 0")
    }
  }

  func run() throws {
    try withErrorsReported {
      let directory = try DataDirectory(data, runID: "ingest")
      defer { directory.removeIfTemporary() }
      try PosixFileSystem().createDirectory(directory.path)
      let bed = IngestBed(
        folder: directory.path + "/ingest", seconds: seconds, policy: policy,
        bucketCount: buckets, bufferByteCount: bufferMib.map { $0 << 20 },
        input: try input.map { path in
          (path, try mapping.map { try InputMapping(file: $0, files: PosixFileSystem()) })
        })
      let cases = writers.flatMap { count in
        checkpoint.map { interval in
          IngestCase(
            writerCount: count, checkpointSeconds: interval, rowsPerSecond: rate,
            delivery: delivery == .batch
              ? .batches(BatchLimits(rowCount: batchRows)) : .exactlyOnce)
        }
      }
      var findings = CommitFindings()
      let progress = ProgressReporter(clock: SystemClock())
      for round in 0..<rounds {
        for one in cases {
          progress.update("round \(round + 1) of \(rounds): \(one.name)")
          try bed.measure(one, into: &findings)
        }
      }
      progress.finish()
      try findings.report(
        "\(input ?? "order events"), \(buckets) tablets, \(policy)",
        measuredAt: directory.path, csv: csv)
    }
  }
}
