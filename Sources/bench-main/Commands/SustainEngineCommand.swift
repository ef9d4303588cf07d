import ArgumentParser
import BenchKit
import PolicyLab
import StorageBase
import StorageIO
import Studies

struct SustainEngineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "engine",
    abstract: "The two phases on real tables: the main job at full speed, then at 95 % of it.",
    discussion: """
      A short run at full speed comes first, to know how many loads fill --seconds; it warms the \
      machine up. --loads-per-second is not used. Each run writes its folder; beside them is one \
      with sustain.csv, a row for each phase.

      EXAMPLES
        bench sustain engine --policy gradient --seconds 30
        bench sustain engine --policy num-based --rows-per-load 5000 --readers 0
      """)

  @Option(help: "name or name:key=value,key=value; see bench policies.")
  var policy = "gradient"

  @Option(help: "Part of the maximum that is offered in the second phase.")
  var share = 0.95

  @Option(help: "What the 99th percentile of loads may take in a stable system, in seconds.")
  var p99Limit = 10.0

  @OptionGroup var options: JobOptions

  func validate() throws {
    guard share > 0, share <= 10, p99Limit > 0 else {
      throw ValidationError("--share and --p99-limit must be positive")
    }
    guard options.input == nil else {
      throw ValidationError("--input ends by itself; two phases need generated rows")
    }
  }

  func run() throws {
    try withErrorsReported {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      let phases = EngineTwoPhases(
        settings: try options.settings(policy: policy), rateShare: share,
        latencyMaxSeconds: p99Limit, interrupt: interrupt)
      let report = try phases.run()
      let folder = "\(options.out)/sustain-\(report.rows[0].summary.runID)"
      try createDirectories(folder)
      let path = "\(folder)/\(SustainRow.fileName)"
      try save(report.csv, path)
      print(report.text)
      print("CSV: \(path)")
      if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
    }
  }
}
