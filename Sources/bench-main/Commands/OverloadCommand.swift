import ArgumentParser
import BenchKit
import StorageIO

struct OverloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overload",
    abstract: "Twice as many queries as can be answered, for a while: who is refused, and after.",
    discussion: """
      Finds out how many queries of the mix are answered in a second when clients ask as fast as \
      they can, beside a fixed number of loads. Then many clients ask at half that rate, at twice \
      of it for a third of the time, and at half again. Whoever has waited for --timeout is \
      refused; the others are answered about as late as that, and after the rush all is as before.

      EXAMPLES
        bench overload
        bench overload --mix point --timeout 0.1 --clients 50000
      """)

  @Option(help: "Clients of the rush.")
  var clients = 10_000

  @Option(help: "What they ask: dashboard or point.")
  var mix = ClientMix.dashboard

  @Option(help: "Loads of 10 rows per second beside them, at random moments.")
  var loadRate = 100.0

  @Option(help: "Seconds after which a client wants no answer any more.")
  var timeout = 0.5

  @Option(help: "How many times the capacity arrives in the rush.")
  var factor = 2.0

  @Option(help: "Seconds of the rush; before and after it as long each.")
  var seconds = 5.0

  @Option(help: "Orders that are there before the clients come.")
  var preload = 100_000

  @Option(help: "name or name:key=value,key=value; see bench policies.")
  var policy = "gradient"

  @Option(help: "Same seed, same rows and same questions.")
  var seed: UInt64 = 1

  @Option(help: "Where the CSV files go, a new folder for each run.")
  var out = "bench-results"

  func validate() throws {
    guard clients >= 10, loadRate >= 0, timeout > 0, factor > 1, seconds >= 1, preload >= 1 else {
      throw ValidationError(
        "--clients is at least 10, --factor above 1, --seconds at least 1, the others positive")
    }
  }

  func run() throws {
    try withErrorsReported {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      let full = try job(seconds: seconds, closed(), interrupt)
      let capacity = full.summary.queriesPerSecond ?? 0
      guard full.isSound, capacity > 0, !interrupt.isSet else {
        print(full.text)
        throw ExitCode(interrupt.isSet ? interrupt.exitStatus : 1)
      }
      print("capacity: \(formatRate(capacity)) queries/s beside \(loadRate) loads/s\n")
      let report = try job(seconds: 3 * seconds, rush(capacity), interrupt)
      print(report.text)
      print(phases(report.timeline))
      if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
      if !report.isSound { throw ExitCode(1) }
    }
  }

  private func job(
    seconds: Double, _ settings: ClientSettings, _ interrupt: InterruptFlag
  ) throws -> ClientReport {
    var options = try JobOptions.parse(["--out", out])
    options.seconds = seconds
    options.seed = seed
    options.rowsPerLoad = 10
    return try ClientJob(options.settings(policy: policy), settings, interrupt: interrupt).run()
  }

  private var common: ClientSettings {
    var settings = ClientSettings()
    settings.mix = mix
    settings.loadsPerSecond = max(loadRate, 0.001)
    settings.preloadedRows = preload
    return settings
  }

  /// A few clients that ask as fast as they can.
  private func closed() -> ClientSettings {
    var settings = common
    settings.clients = 20
    settings.queriesPerSecond = 0
    return settings
  }

  private func rush(_ capacity: Double) -> ClientSettings {
    var settings = common
    settings.clients = clients
    settings.timeoutSeconds = timeout
    settings.queriesPerSecond = capacity / 2
    settings.rush = ClientSettings.Rush(
      queriesPerSecond: capacity * (factor - 0.5), from: seconds, seconds: seconds)
    return settings
  }

  /// What the timeline says of the time before, in and after the rush.
  private func phases(_ timeline: [TimelineRow]) -> String {
    var table = TextTable([
      .init("", .leading), .init("queries", unit: "1/s"), .init("refused", unit: "1/s"),
      .init("p99", unit: "ms, worst second"), .init("longest", unit: "ms"),
    ])
    // What has piled up in the rush may come to its end in the second after it.
    let spans = [
      ("before", 0..<seconds), ("rush", seconds..<2 * seconds),
      ("after", 2 * seconds + timeout + 1..<3 * seconds),
    ]
    for (name, span) in spans {
      let rows = timeline.filter {
        $0.elapsedSeconds - $0.intervalSeconds >= span.lowerBound - 0.05
          && $0.elapsedSeconds <= span.upperBound + 0.05
      }
      let time = max(1e-9, rows.reduce(0) { $0 + $1.intervalSeconds })
      let queries = Double(rows.reduce(0) { $0 + ($1.queries ?? 0) }) / time
      let refused = Double(rows.reduce(0) { $0 + ($1.refused ?? 0) }) / time
      let p99 = rows.compactMap(\.queryP99Milliseconds).max() ?? 0
      let longest = rows.compactMap(\.queryMaxMilliseconds).max() ?? 0
      table.append([
        name, formatFixed(queries, places: 0), formatFixed(refused, places: 0),
        formatFixed(p99, places: 1), formatFixed(longest, places: 1),
      ])
    }
    return "\n" + table.text
  }
}
