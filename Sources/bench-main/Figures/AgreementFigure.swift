import BenchKit
import CompactionPolicies
import PolicyLab
import Studies
import TabletModel

/// The same loads in the engine and in the simulator, which knows from the trace of the run what
/// merges took and what rowsets weighed: how close is what it says?
struct AgreementFigure: Figure {
  let name = "agreement"
  let summary = "simulator against engine on the same loads: bytes, components, decisions"
  /// How long loads come in each run.
  var seconds = 10.0

  private static let specs = [
    "gradient", "num-based", "full:k=8", "tiered:t=4", "leveled:t=4", "universal", "exploring",
    "binomial:k=8", "clickhouse", "lucene-tiered",
  ]
  /// Loads over all writers, and rows of each.
  private static let streams: [(perSecond: Double, rowCount: Int)] = [(100, 500), (400, 100)]

  func files(_ note: (String) throws -> Void) throws -> [FigureFile] {
    let runs = try MeasuredRuns()
    var table = CSVTable(header: [
      "policy_spec", "loads_per_s", "rows_per_load", "decisions", "decisions_different",
      "merges_engine", "merges_simulated", "merged_bytes_engine", "merged_bytes_simulated",
      "write_amp_engine", "write_amp_simulated", "components_mean_engine",
      "components_mean_simulated",
    ])
    for (perSecond, rowCount) in Self.streams {
      for spec in Self.specs {
        try note("\(spec), \(Int(perSecond)) loads/s")
        var settings = try runs.settings(policy: spec)
        settings.seconds = seconds
        settings.loadsPerSecond = perSecond
        settings.rowsPerLoad = rowCount
        let folder = try DataDirectory(nil, runID: "agreement")
        defer { folder.removeIfTemporary() }
        try createDirectories(folder.path)
        let path = "\(folder.path)/run.trace"
        settings.traceFile = path
        _ = try runs.run(settings)
        let trace = try CompactionTrace(path: path)
        let policy = try PolicyCatalogue.shipped.policy(spec).policy
        let decisions = try TraceAgreement(of: trace, with: policy)
        let engine = try TracedFigures(of: trace)
        let simulated = try simulate(trace, policy, settings)
        table.append(values: [
          spec, perSecond, rowCount, decisions.questionCount, decisions.differences.count,
          engine.mergeCount, simulated.mergeCount, engine.mergeWrittenByteCount,
          simulated.mergeWrittenByteCount, engine.writeAmplification,
          simulated.writeAmplification, engine.componentMean, simulated.components.mean,
        ])
      }
    }
    return [FigureFile(name: "agreement.csv", text: table.text)]
  }

  private func simulate(
    _ trace: CompactionTrace, _ policy: any CompactionPolicy, _ settings: JobSettings
  ) throws -> TimedRun {
    var model = TimedModel()
    // Recorded loads have waited where they had to.
    model.backPressure = .none
    model.versionLimit = settings.versionLimit
    model.scheduler = settings.scheduler.rules
    let workload = try model.follow(trace, takesTimes: true)
    return try model.run(policy, loadCount: workload.loads.count)
  }
}
