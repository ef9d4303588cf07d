import ArgumentParser
import BenchKit
import IngestDriver
import StorageIO

struct ReplicasCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replicas",
    abstract: "Measures what replicas of a table save when one compacts for all.",
    discussion: """
      Several stores in one process are given the same loads in the same order. Either each \
      compacts for itself, or of each tablet one does, and the others take over what it has made \
      once they have found their own inputs to be the same. In the end all must have the same rows.

      CPU time is that of all compactions, with the work of giving and taking outputs.

      EXAMPLES
        bench replicas
        bench replicas --replicas 5 --workload upserts --policy tiered --csv replicas.csv
        bench replicas --single-copy on --loads 5000
      """)

  enum SingleCopy: String, CaseIterable, ExpressibleByArgument { case on, off, both }

  @Option(help: "A folder on the disk in question; a temporary one unless told.")
  var data: String?

  @Option(help: "Stores with the same table, 1 to 16.")
  var replicas = 3

  @Option(help: "Whether one compacts for all: on, off, or both one after the other.")
  var singleCopy = SingleCopy.both

  @Option(help: "orders (several rows of a key) or upserts (keys are unique).")
  var workload = "orders"

  @Option(help: "Loads, each given to all replicas.")
  var loads = 2000

  @Option(help: "Loads that arrive in a second, at most.")
  var loadsPerSecond = 200.0

  @Option(help: "Rows of a load.")
  var rowsPerLoad = 500

  @Option(help: "Tablets of the table.")
  var buckets = 4

  @Option(help: "Rounds; figures are medians, with the least and the greatest.")
  var rounds = 1

  @Option(help: "The compaction policy.")
  var policy = "gradient"

  @Option(help: "Rowsets that an output replaces to be fetched at once; others wait for more.")
  var fetchMin = 2

  @Option(help: "KiB of an output from which on it is fetched; smaller ones are merged again.")
  var fetchKib = 64

  @Option(help: "Rowsets that a smaller output replaces to be merged again at once.")
  var smallMin = 16

  @Option(help: "Where the rows come from.")
  var seed: UInt64 = 1

  @Option(help: "Writes the figures to this file; - for standard output.")
  var csv: String?

  func validate() throws {
    guard (1...16).contains(replicas), loads >= 1, rowsPerLoad >= 1, rounds >= 1, buckets >= 1,
      loadsPerSecond > 0, (0...1 << 30).contains(fetchKib)
    else {
      throw ValidationError("--replicas is 1 to 16, the other numbers are greater than 0")
    }
  }

  func run() throws {
    try withErrorsReported {
      let directory = try DataDirectory(data, runID: "replicas")
      defer { directory.removeIfTemporary() }
      try PosixFileSystem().createDirectory(directory.path)
      let bed = ReplicaBed(
        folder: directory.path,
        workload: try ReplicatedWorkload(workload, seed: seed, bucketCount: buckets),
        replicaCount: replicas, loadCount: loads, loadsPerSecond: loadsPerSecond,
        rowsPerLoad: rowsPerLoad, policy: policy, fetchMin: fetchMin,
        fetchBytes: fetchKib << 10, smallMin: smallMin)
      var findings = CommitFindings()
      for _ in 0..<rounds { try round(bed, &findings) }
      try findings.report(
        "\(workload), \(loads) loads of \(rowsPerLoad) rows, \(buckets) tablets, \(policy)",
        measuredAt: directory.path, csv: csv)
    }
  }

  private func round(_ bed: ReplicaBed, _ findings: inout CommitFindings) throws {
    let alone =
      singleCopy == .on ? nil : try bed.measure(isSingleCopy: false, into: &findings)
    let shared =
      singleCopy == .off ? nil : try bed.measure(isSingleCopy: true, into: &findings)
    if let alone, let shared, alone > 0 {
      findings.add(
        "\(replicas) replicas", "single copy", "compaction CPU of what it was, %",
        100 * shared / alone)
    }
  }
}
