import ArgumentParser
import BenchKit
import CompactionPolicies
import StorageIO

/// Runs of the main job that belong to one figure, one after the other.
struct MeasuredRuns {
  private let interrupt: InterruptFlag

  init() throws { interrupt = try InterruptFlag.installingSignalHandlers() }

  /// The settings of `bench run` without options.
  func settings(policy: String, scheduler: String? = nil) throws -> JobSettings {
    var settings = try JobOptions.parse([]).settings(policy: policy)
    if let scheduler { settings.scheduler = try ConfiguredScheduler(spec: scheduler) }
    return settings
  }

  func run(_ settings: JobSettings) throws -> JobReport {
    let report = try MainJob(settings, interrupt: interrupt).run()
    if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
    return report
  }

  /// The intervals of a run.
  func timeline(of report: JobReport, _ settings: JobSettings) throws -> CSVTable {
    CSVTable(
      text: try readInput(
        "\(settings.outDirectory)/\(report.summary.runID)/\(TimelineRow.fileName)"))
  }
}
