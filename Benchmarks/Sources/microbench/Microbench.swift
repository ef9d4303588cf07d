import BenchKit
import Foundation
import MicroSuite
import ScanKernels

/// Measures the cases and prints one table in Markdown. Arguments are parts of titles; only cases
/// that contain one of them run. Times are never asserted: read the ratios to the ceilings.
@main
struct Microbench {
  static func main() throws {
    try run(filters: Array(CommandLine.arguments.dropFirst()))
  }

  /// Not in `main`, which is bound to the main actor: every closure call would check for it.
  private nonisolated static func run(filters: [String]) throws {
    printHeading(filters: filters)
    var ceilings: [Ceiling: Double] = [:]
    for benchmark in MicroSuite.ceilings() {
      let measurement = try Measurement(benchmark)
      if let ceiling = Ceiling(rawValue: benchmark.name) {
        ceilings[ceiling] = measurement.gigabytesPerSecond
      }
      printRow(benchmark, measurement, ceiling: nil)
    }
    for benchmark in try MicroSuite.cases() {
      guard filters.isEmpty || filters.contains(where: { benchmark.title.contains($0) }) else {
        continue
      }
      let ceiling = benchmark.ceiling.flatMap { kind in ceilings[kind].map { (kind, $0) } }
      printRow(benchmark, try Measurement(benchmark), ceiling: ceiling)
    }
  }

  private nonisolated static func printHeading(filters: [String]) {
    let machine = RunEnvironment.capture(dataPath: ".", sourcePath: ".")
    let memory = (machine.memoryBytes ?? 0) >> 30
    let day = Date().formatted(.iso8601.year().month().day())
    print(
      """
      \(machine.cpuModel ?? machine.architecture ?? "unknown processor"), \
      \(machine.coreCount) cores, \(memory) GiB, kernels \(KernelTable.levelName), \
      \(RunEnvironment.compiler) \(RunEnvironment.buildConfiguration), \(day), \
      commit \(machine.git?.short ?? "unknown"), \
      `./dev microbench\(filters.map { " '\($0)'" }.joined())`

      | what | data | GB/s | M values/s | of ceiling | spread | note |
      | --- | --- | ---: | ---: | ---: | ---: | --- |
      """)
  }

  private nonisolated static func printRow(
    _ benchmark: MicroCase, _ measurement: Measurement, ceiling: (kind: Ceiling, rate: Double)?
  ) {
    let rate = measurement.gigabytesPerSecond
    let cells = [
      benchmark.group, benchmark.name, rate.map { number($0) } ?? "",
      number(measurement.millionValuesPerSecond),
      rate.flatMap { rate in
        ceiling.map { "\(number(rate / $0.rate * 100)) % of \($0.kind.rawValue)" }
      } ?? "",
      "\(number(measurement.spread * 100)) %", benchmark.note,
    ]
    print("| \(cells.joined(separator: " | ")) |")
  }

  /// Three significant digits at least.
  private nonisolated static func number(_ value: Double) -> String {
    let format = value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : value >= 0.1 ? "%.2f" : "%.4f"
    return String(format: format, value)
  }
}
