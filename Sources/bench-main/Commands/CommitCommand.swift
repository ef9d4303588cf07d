import ArgumentParser
import BenchKit
import Glibc
import StorageBase
import StorageIO

struct CommitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "commit",
    abstract: "Times durable loads beside what the disk allows, and opening a store.",
    discussion: """
      Rows are those of the workload `orders`, made before anything is timed. What is compared \
      takes turns within each round. Times of the disk are those of an append and fdatasync of as \
      many bytes to a file beside the store; where the disk is virtual, so are all figures.

      append        a durable commit of a prepared load, beside the plain append and sync
      one-writer    loads of 100 and 1000 rows, one after the other, with encoding
      many-writers  64 clients of 100-row loads: inline and with a file per load, for every \
      durability; with loads encoded before; and as group loads
      visible       30 clients on one tablet, as fast as they can, with compaction: from the rows \
      in the client's hands to where queries see them
      recovery      opening stores of 1000 to 40 000 versions, from the log and from a checkpoint

      EXAMPLES
        bench commit
        bench commit --data /mnt/disk/bench --rounds 9 --csv commit.csv
        bench commit --only append --only one-writer --seconds 1
      """)

  @Option(help: "A folder on the disk in question; a temporary one unless told.")
  var data: String?

  @Option(help: "Rounds; figures are medians, with the least and the greatest.")
  var rounds = 5

  @Option(help: "Seconds of each timed stretch.")
  var seconds = 2.0

  @Option(help: "Tablets that the rows of a load go to.")
  var buckets = 1

  @Option(help: "Measures only this part; may be repeated.")
  var only: [CommitPart] = []

  @Option(help: "Writes the figures to this file; - for standard output.")
  var csv: String?

  func validate() throws {
    guard rounds >= 1, seconds > 0, seconds <= 3600, (1...64).contains(buckets) else {
      throw ValidationError(
        "--rounds must be at least 1, --seconds at most 3600, --buckets 1 to 64")
    }
  }

  func run() throws {
    try withErrorsReported {
      let directory = try DataDirectory(data, runID: "commit")
      defer { directory.removeIfTemporary() }
      try PosixFileSystem().createDirectory(directory.path)
      let bed = try CommitBed(
        folder: directory.path, rounds: rounds, seconds: seconds, bucketCount: buckets)
      let machine = RunEnvironment.capture(dataPath: directory.path, sourcePath: sourceRoot)
      say(
        "\(machine.cpuModel ?? "unknown processor"), \(machine.coreCount) cores, "
          + "\(machine.fileSystem ?? "unknown file system"), \(machine.kernel ?? ""), "
          + "\(Workload.buildDescription), \(buckets) tablets")
      let parts = CommitPart.allCases.filter { only.isEmpty || only.contains($0) }
      var findings = CommitFindings()
      for _ in 0..<rounds {
        for part in parts { try part.measure(bed, into: &findings) }
      }
      say(findings.text)
      guard let csv else { return }
      try csv == "-"
        ? writeAll(findings.csv, to: STDOUT_FILENO, name: "standard output")
        : save(findings.csv, csv)
    }
  }

  /// Figures on standard output are for programs, and then nothing else goes there.
  private func say(_ text: String) { if csv != "-" { print(text) } }
}
