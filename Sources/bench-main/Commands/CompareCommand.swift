import ArgumentParser
import StorageIO

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Runs the main job once per policy, on the same rows, and puts the results together.",
    discussion: """
      Each run writes its own folder, and compare.csv beside them has a summary row for each.

      EXAMPLES
        bench compare --policies gradient,num-based
        bench compare --policies 'gradient;gradient:min_deltas=10;full:k=4' --seconds 10
      """)

  @Option(
    help: "Separated by commas, or by semicolons when a policy has several parameters.")
  var policies: String

  @OptionGroup var options: JobOptions

  func run() throws {
    let separator: Character = policies.contains(";") ? ";" : ","
    let specs = policies.split(separator: separator).map(String.init)
    guard specs.count >= 1 else { throw ValidationError("--policies is empty") }
    try withErrorsReported {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      var comparison = PolicyComparison()
      // A policy that does not exist is found out before the first one has run.
      let jobs = try specs.map { spec in
        var settings = try options.settings(policy: spec)
        settings.dataDirectory = options.data.map { "\($0)/\(spec)" }
        return try MainJob(settings, interrupt: interrupt)
      }
      for job in jobs where !interrupt.isSet {
        comparison.add(try job.run())
      }
      print(comparison.text)
      print("CSV: \(try comparison.write(to: options.out))")
      if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
      if !comparison.isSound { throw ExitCode(1) }
    }
  }
}
