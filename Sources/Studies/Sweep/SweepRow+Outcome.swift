import BenchKit
import CompactionPolicies
import PolicyLab
import StorageBase

extension SweepRow {
  /// The row of a point that has been run.
  /// - Throws: `StorageError` for a scheduler that does not exist.
  public init(
    _ point: SweepPoint, policy: ConfiguredPolicy, outcome: SweepOutcome, gitRevision: String?
  ) throws {
    var summary: SummaryRow
    switch outcome {
    case .flushes(let run, let debt):
      summary =
        CanonicalReport(run: run, policy: policy, debtByteCount: debt, seed: point.seed).summary
    case .timed(let model, let run):
      summary = TimedReport(model: model, run: run, policy: policy).summary
      summary.scheduler = try ConfiguredScheduler(spec: point.scheduler).fullSpec
    }
    summary.gitRevision = gitRevision
    self.init(point, summary: summary)
    if case .timed(_, let run) = outcome {
      peakBytes = run.peakByteCount
      settledWriteAmplification = run.settledWriteAmplification
      quiesceSeconds = run.quiesceSeconds
      versionsMax = run.versionMax
      costSeconds = run.costSeconds
    }
  }

  /// The row of a point that somebody else has run; the figures of sweeps alone are not filled.
  public init(_ point: SweepPoint, summary: SummaryRow) {
    var summary = summary
    summary.runID = point.runID
    summary.workload = point.workload
    self.init(summary: summary, of: point)
  }

  fileprivate init(summary: SummaryRow, of point: SweepPoint) {
    self.init(
      summary: summary, model: point.model.rawValue, policySpec: point.policy, sizes: point.sizes,
      loads: point.loadCount, keys: point.keys)
    guard point.model == .timed else { return }
    arrivals = point.arrivals
    overlapMebibytes = point.overlapMebibytes
    schedulerSpec = point.scheduler
    costs = point.costs
    backPressure = point.backPressure
    versionLimit = point.versionLimit
    queries = point.queries
  }
}

extension SweepPoint {
  /// The columns whose fields decide the outcome, in the order of the file.
  static let keyColumns = [
    "workload", "mode", "seed", "writers", "tablets", "model", "policy_spec", "arrivals", "sizes",
    "overlap_mib", "loads", "keys_model", "scheduler_spec", "costs", "back_pressure",
    "version_limit",
    "query_arrivals",
  ]

  /// The fields of `keyColumns`, as they are in the file.
  var key: [String] {
    var summary = SummaryRow(
      runID: "", policy: "", policyParameters: "", workload: workload, mode: mode.rawValue,
      seed: seed)
    summary.tablets = model == .timed ? tabletCount : 1
    summary.writers = model == .timed ? writerCount : nil
    let row = CSVTable(
      text: SweepRow.header + "\n" + SweepRow(summary: summary, of: self).line + "\n")
    return Self.keyColumns.map { row.field($0, of: row.rows[0]) }
  }

  /// The same for the same configuration, whatever else is in the sweep.
  public var runID: String {
    var hash: UInt64 = 0
    for byte in key.joined(separator: "\n").utf8 { hash = mixBits(hash ^ UInt64(byte)) }
    let digits = String(hash, radix: 16)
    return "sweep-" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}
