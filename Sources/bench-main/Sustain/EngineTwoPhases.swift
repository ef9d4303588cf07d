import BenchKit
import PolicyLab
import StorageIO
import Studies

/// The two-phase protocol on real tables; see `TwoPhaseProtocol`.
struct EngineTwoPhases {
  let settings: JobSettings
  let rateShare: Double
  let latencyMaxSeconds: Double
  let interrupt: InterruptFlag
  /// Part of the testing phase that is warm-up.
  private static let warmUpShare = 0.25

  /// Runs a probe and both phases, as far as no interrupt comes.
  func run() throws -> SustainReport {
    var report = SustainReport()
    let probe = try measure(perSecond: nil, seconds: settings.seconds / 10)
    let guess = probe.summary.commitsPerSecond ?? JobSettings.defaultLoadsPerSecond
    // At full speed a job has as many loads as the default rate would have brought in its time.
    let seconds = settings.seconds * guess / JobSettings.defaultLoadsPerSecond
    let testing = interrupt.isSet ? probe : try measure(perSecond: nil, seconds: seconds)
    let rate = try rate(of: testing)
    report.append(row(testing, "testing", rate))
    guard !interrupt.isSet, rate > 0 else { return report }
    let offered = rate * rateShare
    let running = try measure(perSecond: offered, seconds: settings.seconds)
    var row = row(running, "running", rate)
    row.offeredPerSecond = offered
    let backlog = try backlog(of: running, perSecond: offered)
    row.backlogMax = backlog.countMax
    row.backlogGrowthShare = backlog.growthShare
    row.verdict =
      SustainVerdict(
        backlog, refusedCount: running.summary.rejectedLoads ?? 0,
        latencySeconds: (running.summary.commitP99Milliseconds ?? 0) / 1e3,
        latencyMaxSeconds: latencyMaxSeconds
      ).rawValue
    report.append(row)
    return report
  }

  private func measure(perSecond: Double?, seconds: Double) throws -> JobReport {
    var settings = settings
    settings.loadsPerSecond = perSecond
    settings.seconds = seconds
    return try MainJob(settings, interrupt: interrupt).run()
  }

  private func row(_ report: JobReport, _ phase: String, _ rate: Double) -> SustainRow {
    var row = SustainRow(
      summary: report.summary, phase: phase, policySpec: settings.policySpec,
      schedulerSpec: settings.scheduler.spec)
    row.sustainedPerSecond = rate
    return row
  }

  /// The intervals in which loads arrived.
  private func intervals(of report: JobReport) throws -> (table: CSVTable, rows: [[String]]) {
    let path = "\(settings.outDirectory)/\(report.summary.runID)/\(TimelineRow.fileName)"
    let table = CSVTable(text: try readInput(path))
    let end = (report.summary.durationSeconds ?? 0) + 1e-3
    return (table, table.rows.filter { table.number("t_s", of: $0) ?? .infinity <= end })
  }

  /// Loads per second after the warm-up.
  private func rate(of report: JobReport) throws -> Double {
    let (table, rows) = try intervals(of: report)
    let warmUp = (report.summary.durationSeconds ?? 0) * Self.warmUpShare
    let late = rows.filter { row in
      (table.number("t_s", of: row) ?? 0) - (table.number("interval_s", of: row) ?? 0) >= warmUp
    }
    let seconds = late.reduce(0) { $0 + (table.number("interval_s", of: $1) ?? 0) }
    let count = late.reduce(0) { $0 + (table.number("commits", of: $1) ?? 0) }
    // A job shorter than an interval has none after the warm-up.
    return seconds > 0 ? count / seconds : report.summary.commitsPerSecond ?? 0
  }

  private func backlog(of report: JobReport, perSecond: Double) throws -> Backlog {
    let (table, rows) = try intervals(of: report)
    var done = 0
    let samples = rows.map { row in
      done += Int(table.number("commits", of: row) ?? 0)
      done += Int(table.number("rejected_loads", of: row) ?? 0)
      return Backlog.Sample(seconds: table.number("t_s", of: row) ?? 0, doneCount: done)
    }
    return Backlog(
      samples, perSecond: perSecond, loadCount: Int((settings.seconds * perSecond).rounded()))
  }
}
