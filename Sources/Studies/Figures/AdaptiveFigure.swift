import BenchKit
import CompactionPolicies
import PolicyLab

/// What a policy that tunes itself costs beside fixed ones with all their parameters, on workloads
/// that stay as they are and on such that change halfway: processor time of merges and queries
/// together.
public struct AdaptiveFigure: Figure {
  public let name = "adaptive"
  public let summary = "processor time of merges and queries: adaptive beside all fixed policies"
  private let loadCount: Int
  private let specs: [String]

  public init(loadCount: Int = 10_000) { self.init(loadCount: loadCount, specs: Self.fixedSpecs) }

  init(loadCount: Int, specs: [String]) {
    self.loadCount = loadCount
    self.specs = specs
  }

  static let adaptive = "adaptive"
  private static let tablets = 4
  private static let costs = "component_ms=0.1,query_ms=0,merge_ms=2"

  /// Names, and what differs from 50 loads of 256 KiB and 500 queries a second. Rates change when
  /// half of the time is over.
  static func workloads(loadCount: Int) -> [(name: String, change: (inout SweepPoint) -> Void)] {
    let half = Double(loadCount) / 100
    return [
      ("steady", { _ in }),
      ("read-heavy", { $0.queries = "10000" }),
      ("write-heavy", { $0.queries = "20" }),
      ("bursty", { $0.arrivals = "bursty:per_s=200,on_s=5,off_s=15" }),
      ("log-normal", { $0.sizes = "log-normal:median_kib=64,sigma=1.5" }),
      ("mixed", { $0.sizes = "mixed:small_kib=16,large_kib=16384,share=0.01" }),
      (
        "upserts",
        {
          $0.overlapMebibytes = 128
          $0.keys = "unique"
        }
      ),
      ("more-queries", { $0.queries = "shift:per_s=20,then_per_s=10000,at_s=\(half)" }),
      ("fewer-queries", { $0.queries = "shift:per_s=10000,then_per_s=20,at_s=\(half)" }),
      ("more-loads", { $0.arrivals = "shift:per_s=10,then_per_s=100,at_s=\(half * 5)" }),
      ("fewer-loads", { $0.arrivals = "shift:per_s=100,then_per_s=10,at_s=\(half / 2)" }),
    ]
  }

  static var fixedSpecs: [String] {
    func specs(_ name: String, _ values: [Int]) -> [String] { values.map { name + "=\($0)" } }
    return specs("tiered:t", [2, 3, 4, 6, 8, 12, 16, 24])
      + specs("leveled:t", [2, 4, 10]) + specs("lazy-leveled:t", [4, 8])
      + specs("collapsed:b", [2, 3, 4, 8, 16]) + specs("bigtable:k", [4, 8, 16])
      + specs("binomial:k", [2, 3, 4, 6, 8, 12, 16, 24, 40])
      + specs("min-latency:k", [4, 8, 16, 24, 40]) + specs("universal:trigger", [4, 8, 16])
      + specs("gradient:min_deltas", [2, 5, 10, 20, 50]) + specs("constant:k", [8, 32])
      + specs("full:k", [8]) + [
        "exploring", "concurrent", "clickhouse", "lucene-tiered", "starrocks", "size-tiered",
        "unified", "num-based", "time-series",
      ]
  }

  public func files(_ note: (String) throws -> Void) throws -> [FigureFile] {
    var table = CSVTable(header: [
      "workload", "policy", "cost_s", "ratio_to_best_fixed", "compaction_cpu_s", "query_cpu_s",
      "components_mean", "write_amp", "stall_s", "rejected_loads",
    ])
    for (workload, change) in Self.workloads(loadCount: loadCount) {
      var point = SweepPoint()
      point.workload = workload
      point.arrivals = "poisson:per_s=50"
      point.sizes = "constant:kib=256"
      point.queries = "500"
      point.tabletCount = Self.tablets
      point.costs = Self.costs
      change(&point)
      let model = try point.timedModel()
      let runs = try ([Self.adaptive] + specs).map { spec in
        try note("\(workload), \(spec)")
        let policy = try PolicyCatalogue.shipped.policy(spec).policy
        return (spec, try model.run(policy, loadCount: loadCount))
      }
      // A policy that had loads refused has not done the work.
      let best = runs.dropFirst().filter { $0.1.rejectedCount == 0 }.map(\.1.costSeconds).min()
      for (spec, run) in runs {
        table.append(values: [
          workload, spec, run.costSeconds, best.map { run.costSeconds / $0 },
          run.mergeProcessorSeconds, run.querySeconds, run.components.mean,
          run.writeAmplification, run.stallSeconds, run.rejectedCount,
        ])
      }
    }
    return [FigureFile(name: "adaptive.csv", table)]
  }
}
