import BenchKit
import Studies

/// What the policy that tunes itself costs on real tables beside fixed ones, with the prices of
/// work of this machine: processor time of compactions and queries together.
struct AdaptiveEngineFigure: Figure {
  let name = "adaptive-engine"
  let summary = "the same as adaptive on real tables, with the costs of this machine"
  /// How long loads come in each run.
  var seconds = 8.0

  private static let specs = [
    "adaptive", "gradient", "gradient:min_deltas=20", "tiered:t=4", "tiered:t=12",
    "collapsed:b=3", "collapsed:b=8", "binomial:k=8", "universal", "exploring", "clickhouse",
    "num-based",
  ]
  private static let workloads: [(name: String, change: @Sendable (inout JobSettings) -> Void)] = [
    ("orders", { _ in }),
    (
      "orders, 2000 queries/s",
      {
        $0.queriesPerSecond = 2000
        $0.rowsPerLoad = 100
      }
    ),
    ("upserts", { $0.workload = "upserts" }),
  ]

  func files(_ note: (String) throws -> Void) throws -> [FigureFile] {
    let runs = try MeasuredRuns()
    try note("calibrating")
    let costs = try CalibratedCosts.measured {}.list
    var table = CSVTable(header: [
      "workload", "policy_spec", "cost_s", "compaction_cpu_s", "query_cpu_s", "components_mean",
      "write_amp", "query_p50_ms", "query_p99_ms", "visible_p99_ms", "errors", "costs",
    ])
    for (workload, change) in Self.workloads {
      for spec in Self.specs {
        try note("\(workload), \(spec)")
        var settings = try runs.settings(policy: spec, scheduler: "fair")
        settings.seconds = seconds
        settings.costs = costs
        change(&settings)
        let row = try runs.run(settings).summary
        table.append(values: [
          workload, spec, (row.compactionCPUSeconds ?? 0) + (row.queryCPUSeconds ?? 0),
          row.compactionCPUSeconds, row.queryCPUSeconds, row.componentsMean,
          row.writeAmplification, row.queryP50Milliseconds, row.queryP99Milliseconds,
          row.visibleP99Milliseconds, row.errors, costs,
        ])
      }
    }
    return [FigureFile(name: "adaptive-engine.csv", text: table.text)]
  }
}
