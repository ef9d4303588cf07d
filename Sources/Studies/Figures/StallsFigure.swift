import BenchKit
import CompactionPolicies
import PolicyLab

/// The two-phase protocol over policies and schedulers: what can be kept up, how long loads take
/// and stall at 95 % of it, and what merging costs in processor time.
///
/// The maximum is measured once for each policy, with merges that share alike, so that schedulers
/// are compared at the same loads.
public struct StallsFigure: Figure {
  public let name = "stalls"
  public let summary = "sustained rate, stalls and processor time by policy and scheduler"
  private let loadCount: Int
  private let specs: [String]

  public init(loadCount: Int = 20_000) {
    self.loadCount = loadCount
    specs = Self.specs
  }

  /// Fewer policies, to try it.
  init(loadCount: Int, specs: [String]) {
    self.loadCount = loadCount
    self.specs = specs
  }

  private static let specs = [
    "gradient", "num-based", "tiered", "leveled", "lazy-leveled", "collapsed", "universal",
    "exploring", "clickhouse", "binomial:k=4", "min-latency:k=4",
  ]
  static let testingScheduler = "fair:cumulative=4"
  /// One merge of a kind at a time, a few that share alike, a few of which the smallest goes first.
  static let schedulers = ["single", "fair:cumulative=4", "greedy:cumulative=4"]

  public func files(_ note: (String) throws -> Void) throws -> [FigureFile] {
    var report = SustainReport()
    for spec in specs {
      for scheduler in Self.schedulers {
        try note("\(spec), \(scheduler)")
        var point = SweepPoint()
        point.workload = "two-phase"
        point.policy = spec
        point.scheduler = scheduler
        point.arrivals = "closed"
        point.costs = "bandwidth_mib_s=400"
        point.keys = "unique"
        point.loadCount = loadCount
        // A limit that is reached early, at which loads wait.
        point.versionLimit = 50
        point.backPressure = "smooth:patience=3600"
        let policy = try PolicyCatalogue.shipped.policy(spec)
        var phases = TwoPhaseProtocol(try point.timedModel(), loadCount: loadCount)
        phases.testingScheduler = try ConfiguredScheduler(spec: Self.testingScheduler).rules
        let result = try phases.run(policy.policy)
        try report.append(result, of: point, policy: policy, gitRevision: nil)
      }
    }
    return [FigureFile(name: "stalls.csv", text: report.csv)]
  }
}
