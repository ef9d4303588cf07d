import BenchKit
import CompactionPolicies
import PolicyLab

/// The two-phase protocol for policies and schedulers, simulated: rows and a table.
public struct SustainReport: Sendable {
  public private(set) var rows: [SustainRow] = []

  public init() {}

  /// Takes a row as it is.
  public mutating func append(_ row: SustainRow) { rows.append(row) }

  /// Takes the result of one combination.
  /// - Parameter point: what the model was made of; its arrivals do not matter.
  public mutating func append(
    _ result: TwoPhaseResult, of point: SweepPoint, policy: ConfiguredPolicy,
    gitRevision: String?
  ) throws {
    let model = try point.timedModel()
    func row(_ phase: String, _ model: TimedModel, _ run: TimedRun) throws -> SustainRow {
      var summary = TimedReport(model: model, run: run, policy: policy).summary
      summary.runID = "sustain-\(phase)-\(policy.spec)-\(point.scheduler)"
      summary.workload = point.workload
      summary.scheduler = try ConfiguredScheduler(spec: point.scheduler).fullSpec
      summary.gitRevision = gitRevision
      var row = SustainRow(
        summary: summary, phase: phase, policySpec: policy.spec,
        schedulerSpec: point.scheduler)
      row.sustainedPerSecond = result.ratePerSecond
      row.peakBytes = run.peakByteCount
      return row
    }
    var closed = try row("testing", model, result.testing)
    // After the warm-up nothing was loaded any more: there is no rate to run at.
    if result.running == nil { closed.verdict = SustainVerdict.refuses.rawValue }
    rows.append(closed)
    guard let running = result.running else { return }
    var open = try row("running", running.model, running.run)
    open.offeredPerSecond = running.offeredPerSecond
    open.backlogMax = running.backlog.countMax
    open.backlogGrowthShare = running.backlog.growthShare
    open.debtBytesMax = running.debtByteCountMax
    open.verdict = running.verdict.rawValue
    rows.append(open)
  }

  public var csv: String {
    ([SustainRow.header] + rows.map(\.line)).joined(separator: "\n") + "\n"
  }

  /// The running phases side by side, and testing phases that came to a standstill.
  public var text: String {
    var table = TextTable([
      .init("policy", .leading), .init("scheduler", .leading),
      .init("sustained", unit: "loads/s"), .init("offered", unit: "loads/s"),
      .init("p50", unit: "ms"), .init("p99", unit: "ms"), .init("max", unit: "ms"),
      .init("longest stall", unit: "s"), .init("versions"), .init("write amp"),
      .init("backlog", unit: "loads"), .init("verdict", .leading),
    ])
    for row in rows where row.verdict != nil {
      let summary = row.summary
      table.append(
        [row.policySpec, row.schedulerSpec ?? "-"]
          + [
            (row.sustainedPerSecond, 2), (row.offeredPerSecond, 2),
            (summary.commitP50Milliseconds, 1), (summary.commitP99Milliseconds, 1),
            (summary.commitMaxMilliseconds, 1), (summary.stallLongestSeconds, 2),
            (summary.componentsMean, 1), (summary.writeAmplification, 2), (row.backlogMax, 0),
          ].map { value, places in value.map { formatFixed($0, places: places) } ?? "-" }
          + [row.verdict ?? "-"])
    }
    return table.text
  }
}
