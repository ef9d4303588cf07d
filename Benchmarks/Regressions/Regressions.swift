import Benchmark
import MicroSuite

/// The same cases under the benchmark package, for its baselines and comparisons of two commits.
let benchmarks: @Sendable () -> Void = {
  let cases: [MicroCase]
  do { cases = try MicroSuite.cases() } catch { preconditionFailure("\(error)") }
  for entry in cases {
    Benchmark(
      entry.title,
      configuration: .init(metrics: [.wallClock], maxDuration: .seconds(1), maxIterations: 200)
    ) { benchmark in
      let run = try entry.prepare()
      benchmark.startMeasurement()
      try run()
      benchmark.stopMeasurement()
    }
  }
}
