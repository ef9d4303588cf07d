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

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds is at least 1") }
    guard queryRows >= 1000 else { throw ValidationError("--query-rows is at least 1000") }
  }

  func run() throws {
    try withErrorsReported {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      let progress = ProgressReporter(clock: SystemClock())
      var doneCount = 0
      let costs = try CalibratedCosts.measured(
        on: data, rounds: rounds, queryRowCount: queryRows, seed: seed
      ) {
        if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
        doneCount += 1
        progress.update("measurement \(doneCount)")
      }
      progress.finish()
      if !list { print(costs.text) }
      print(costs.list)
    }
  }
}
