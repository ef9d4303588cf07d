import BenchKit
import Studies

/// What Apache Doris 1.1 changed in compaction, on this engine: the policy by sizes and a scheduler
/// that is woken by loads and keeps small jobs apart, against the policy by numbers, found by
/// scans, in one pool (apache/doris-website, "How does Apache Doris 1.1 high concurrency").
struct DorisFigure: Figure {
  let name = "doris-1.1"
  let summary = "Doris before and since 1.1, and its settings, under streams of loads"
  /// How long loads come in each run.
  var seconds = 15.0

  /// 100 000 rows a second from 20 writers that checkpoint, and a single tablet.
  private static let scenarios: [(name: String, change: @Sendable (inout JobSettings) -> Void)] = [
    (
      "checkpoint 5 s",
      {
        $0.loadsPerSecond = 4
        $0.rowsPerLoad = 25_000
      }
    ),
    (
      "checkpoint 1 s",
      {
        $0.loadsPerSecond = 20
        $0.rowsPerLoad = 5000
      }
    ),
    (
      "one tablet, 30 loads/s",
      {
        $0.loadsPerSecond = 30
        $0.rowsPerLoad = 500
        $0.buckets = 1
      }
    ),
    (
      "one tablet, 300 loads/s",
      {
        $0.loadsPerSecond = 300
        $0.rowsPerLoad = 100
        $0.buckets = 1
      }
    ),
  ]

  private static let systems = [
    (name: "before 1.1", policy: "num-based", scheduler: "doris-1.0"),
    (name: "1.1", policy: "gradient", scheduler: "doris"),
    (
      name: "1.1, promotion from 8 MiB",
      policy: "gradient:promotion_min_size_mbytes=8,compaction_min_size_mbytes=8",
      scheduler: "doris"
    ),
    (
      name: "1.1, levels from 64 MiB", policy: "gradient:level_floor_kib=65536",
      scheduler: "doris"
    ),
    (name: "gradient, every load", policy: "gradient", scheduler: "fair"),
    (name: "adaptive, every load", policy: "adaptive", scheduler: "fair"),
  ]

  func files(_ note: (String) throws -> Void) throws -> [FigureFile] {
    let runs = try MeasuredRuns()
    var table = CSVTable(header: [
      "scenario", "system", "policy_spec", "scheduler", "seconds", "rows_per_s", "loads_per_s",
      "versions_mean", "versions_max", "score_mean", "score_max", "compactions",
      "rowsets_merged_away", "compaction_cpu_s", "rowsets_per_compaction_cpu_s",
      "bytes_compacted_written", "write_amp", "visible_p50_ms", "visible_p99_ms", "query_p50_ms",
      "query_p99_ms", "query_cpu_s", "errors",
    ])
    var timeline = CSVTable(header: [
      "scenario", "system", "t_s", "versions_mean", "versions_max", "score_max", "query_p99_ms",
    ])
    for (scenario, change) in Self.scenarios {
      for system in Self.systems {
        try note("\(scenario), \(system.name)")
        var settings = try runs.settings(policy: system.policy, scheduler: system.scheduler)
        settings.seconds = seconds
        change(&settings)
        let report = try runs.run(settings)
        let row = report.summary
        // Every load brings a rowset to every tablet.
        let merged = row.commits.flatMap { commits in
          row.tablets.flatMap { tablets in
            row.componentsFinal.map { Double(commits * tablets) - $0 * Double(tablets) }
          }
        }
        let efficiency = merged.flatMap { merged in
          row.compactionCPUSeconds.flatMap { $0 > 0 ? merged / $0 : nil }
        }
        table.append(values: [
          scenario, system.name, system.policy, system.scheduler, row.durationSeconds,
          row.rowsPerSecond, row.commitsPerSecond, row.componentsMean, row.componentsMax,
          row.compactionScoreMean, row.compactionScoreMax, row.compactions, merged,
          row.compactionCPUSeconds, efficiency, row.bytesCompactedWritten,
          row.writeAmplification, row.visibleP50Milliseconds, row.visibleP99Milliseconds,
          row.queryP50Milliseconds, row.queryP99Milliseconds, row.queryCPUSeconds, row.errors,
        ])
        let intervals = try runs.timeline(of: report, settings)
        for interval in intervals.rows {
          timeline.append(
            [scenario, system.name]
              + [
                "t_s", "components_mean", "components_max", "compaction_score_max", "query_p99_ms",
              ].map { intervals.field($0, of: interval) })
        }
      }
    }
    return [
      FigureFile(name: "doris-1.1.csv", text: table.text),
      FigureFile(name: "doris-1.1-timeline.csv", text: timeline.text),
    ]
  }
}
