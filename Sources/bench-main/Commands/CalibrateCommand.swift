import ArgumentParser
import BenchKit
import StorageIO

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Measures what loads, merges and queries take here, for the simulator.",
    discussion: """
      Loads of several sizes are committed and merged, and the queries of the main job run on the \
      same rows in more and more rowsets, all on one thread. Straight lines through the medians \
      become a list of costs that bench simulate timed, bench sweep and bench run take.

      EXAMPLES
        bench calibrate
        bench calibrate --list > costs.txt
        bench simulate timed --policy adaptive --queries 500 --costs "$(cat costs.txt)"
        bench run --policy adaptive --costs "$(cat costs.txt)"
      """)

  @Option(help: "How often each size is measured.")
  var rounds = 5

  @Option(help: "Rows that queries look at.")
  var queryRows = 100_000

  @Option(help: "Where chance comes from.")
  var seed: UInt64 = 1

  @Option(help: "The disk to measure: a directory on it; without it the temporary one.")
  var data: String?

  @Flag(help: "Prints the list alone.")
  var list = false

  private static let rowCounts = [50, 500, 5000, 50_000]
  private static let loadCount = 8
  private static let componentCounts = [1, 4, 16, 64, 128]

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds is at least 1") }
    guard queryRows >= 1000 else { throw ValidationError("--query-rows is at least 1000") }
  }

  func run() throws {
    try withErrorsReported {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      let progress = ProgressReporter(clock: SystemClock())
      let directory = try DataDirectory(data.map { $0 + "/calibration" }, runID: "calibrate")
      defer { DataDirectory.remove(directory.path) }
      try createDirectories(directory.path)
      var doneCount = 0
      let bed = CalibrationBed(folder: directory.path, seed: seed) {
        if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
        doneCount += 1
        progress.update("measurement \(doneCount)")
      }
      let merges = try bed.merges(
        rowCounts: Self.rowCounts, loadCount: Self.loadCount, rounds: rounds)
      let queries = try bed.queries(
        rowCount: queryRows, loadCounts: Self.componentCounts, rounds: 20 * rounds)
      progress.finish()
      let costs = CalibratedCosts(
        loads: merges.loads, merges: merges.merges, queries: queries)
      if !list { print(costs.text) }
      print(costs.list)
    }
  }
}
