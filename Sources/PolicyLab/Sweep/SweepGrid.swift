import CompactionPolicies
import StorageBase

/// A kind of load, or several where a field has several values.
public struct SweepWorkload: Hashable, Sendable {
  public var name: String
  public var arrivals = ["poisson:per_s=20"]
  public var sizes = ["constant:kib=1024"]
  public var overlapMebibytes = [0]
  public var tabletCounts = [1]
  public var writerCounts = [4]
  public var loadCounts = [20_000]
  public var queries = ["0"]
  /// Empty for what the model usually has.
  public var keys: [String] = []

  public init(name: String) { self.name = name }
}

/// The axes of a sweep; its points are all combinations of their values.
public struct SweepGrid: Hashable, Sendable {
  public var model = SweepPoint.Model.timed
  public var modes = [SweepPoint.Mode.simulated]
  public var policies: [String] = []
  public var workloads: [SweepWorkload] = []
  public var schedulers = ["fair"]
  public var costs = [""]
  public var backPressures = ["smooth"]
  public var versionLimits = [500]
  public var seeds: [UInt64] = [1]

  /// More than anybody waits for: most likely a list too many.
  public static let pointCountMax = 1_000_000

  public init() {}

  /// All combinations, each once: workloads slowest, then costs, limits, schedulers, policies,
  /// modes, and seeds fastest.
  /// - Throws: `StorageError.limitExceeded` for too many, and what `SweepPoint.validate` throws
  ///   for a combination that makes no sense.
  public func points(catalogue: PolicyCatalogue = .shipped) throws -> [SweepPoint] {
    try checkCount()
    // Two ways to write a policy are one policy.
    let specs = try policies.map { try catalogue.policy($0).spec }
    let schedulers = try schedulers.map { try ConfiguredScheduler(spec: $0).spec }
    var points: [SweepPoint] = []
    for workload in workloads {
      var start = SweepPoint()
      start.model = model
      start.workload = workload.name
      let keys =
        workload.keys.isEmpty ? [model == .flushes ? "unique" : "duplicate"] : workload.keys
      points += [start]
        .spread(\.arrivals, workload.arrivals).spread(\.sizes, workload.sizes)
        .spread(\.overlapMebibytes, workload.overlapMebibytes)
        .spread(\.tabletCount, workload.tabletCounts)
        .spread(\.writerCount, workload.writerCounts)
        .spread(\.loadCount, workload.loadCounts).spread(\.keys, keys)
        .spread(\.costs, costs).spread(\.backPressure, backPressures)
        .spread(\.versionLimit, versionLimits).spread(\.queries, workload.queries)
        .spread(\.scheduler, schedulers).spread(\.policy, specs).spread(\.mode, modes)
        .spread(\.seed, seeds)
    }
    var seen: Set<SweepPoint> = []
    let distinct = points.filter { seen.insert($0).inserted }
    // Seeds do not decide whether a point makes sense.
    var checked: Set<SweepPoint> = []
    for var point in distinct {
      point.seed = 0
      if checked.insert(point).inserted { try point.validate(catalogue: catalogue) }
    }
    return distinct
  }

  private func checkCount() throws {
    let perWorkload = workloads.map { workload in
      [
        workload.arrivals.count, workload.sizes.count, workload.overlapMebibytes.count,
        workload.tabletCounts.count, workload.writerCounts.count, workload.loadCounts.count,
        max(1, workload.keys.count), workload.queries.count,
      ].reduce(1, Self.product)
    }
    let axes = [
      policies.count, modes.count, schedulers.count, costs.count, backPressures.count,
      versionLimits.count, seeds.count, perWorkload.reduce(0) { min($0 + $1, Int.max >> 1) },
    ]
    let count = axes.reduce(1, Self.product)
    guard count <= Self.pointCountMax else {
      throw StorageError.limitExceeded(
        what: "the runs of a sweep", value: count, limit: Self.pointCountMax,
        remedy: "shorten a list, or make several sweeps")
    }
  }

  /// Without overflow, which comes long after the limit.
  private static func product(_ a: Int, _ b: Int) -> Int {
    let (product, overflows) = a.multipliedReportingOverflow(by: b)
    return overflows ? Int.max >> 1 : product
  }
}

extension [SweepPoint] {
  /// Each point once with each value of an axis.
  fileprivate func spread<Value>(
    _ path: WritableKeyPath<SweepPoint, Value>, _ values: [Value]
  ) -> [SweepPoint] {
    flatMap { point in
      values.map { value in
        var point = point
        point[keyPath: path] = value
        return point
      }
    }
  }
}
