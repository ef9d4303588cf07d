import BenchKit
import CompactionPolicies
import PolicyLab

/// What every policy pays in writes for the components it keeps, beside what no policy can beat.
///
/// The frontier is exact: for each price of a component the cheapest way to merge the same loads,
/// known beforehand (`OfflineOptimum`). Where a price makes it touch the frontier, no policy has
/// both fewer mean components and fewer bytes written.
public struct WriteCostFigure: Figure {
  public let name = "write-cost"
  public let summary = "write amplification against mean components, with the optimum's frontier"
  /// Of 1 MiB.
  private let flushCount: Int

  /// - Parameter flushCount: at most `OfflineOptimum.loadCountMax(isBounded: false)`.
  public init(flushCount: Int = 1024) { self.flushCount = flushCount }

  private static let loadByteCount = 1 << 20

  static let specs =
    ["gradient", "num-based", "adaptive"]
    + [2, 3, 4, 6, 8, 10].map { "tiered:t=\($0)" }
    + [2, 3, 4, 6, 10].map { "leveled:t=\($0)" }
    + [3, 4, 6, 10].map { "lazy-leveled:t=\($0)" }
    + [2, 3, 4, 6, 8, 10].map { "collapsed:b=\($0)" }
    + [3, 4, 8, 16].map { "unified:w=\($0 - 2)" }
    + [2, 3, 4, 6, 8, 10].map { "binomial:k=\($0)" }
    + [2, 3, 4, 6, 8, 10].map { "min-latency:k=\($0)" }
    + [3, 4, 6, 8, 10].map { "bigtable:k=\($0)" }
    + [4, 8, 16].map { "constant:k=\($0)" }
    + [4, 6, 8, 10].map { "universal:trigger=\($0)" }
    + ["universal:trigger=4,max_read_amp=0"]
    + [1.2, 2, 3].map { "exploring:ratio=\($0)" }
    + [3, 5, 8].map { "clickhouse:base=\($0),plain=true" }
    + ["size-tiered", "lucene-tiered", "starrocks"]

  /// What one component costs after each load, in bytes written: from next to nothing to so much
  /// that everything is always merged.
  static let prices = (-12...20).map { exponent in
    let half = exponent % 2 == 0 ? 1.0 : 1.414_213_562_373_095
    let power = (exponent - (exponent % 2 == 0 ? 0 : 1)) / 2
    return Double(loadByteCount) * Double(sign: .plus, exponent: power, significand: half)
  }

  public func files(_ note: (String) throws -> Void) throws -> [FigureFile] {
    var table = CSVTable(header: [
      "kind", "policy", "policy_spec", "flushes", "write_amp", "components_mean",
      "components_max", "opt_gap",
    ])
    let model = CanonicalModel(loadByteCount: Self.loadByteCount)
    for spec in Self.specs {
      try note(spec)
      let policy = try PolicyCatalogue.shipped.policy(spec)
      let run = try model.run(policy.policy, flushCount: flushCount)
      table.append(values: [
        "policy", policy.name, policy.spec, flushCount, run.writeAmplification, run.settledMean,
        run.settledMax, run.optimalityGap,
      ])
    }
    var last: OfflinePlan?
    for price in Self.prices {
      try note("optimum")
      let plan = try optimum(price: price)
      // Several prices lead to one plan.
      if plan.writtenByteCount == last?.writtenByteCount { continue }
      last = plan
      table.append(values: [
        "optimum", "optimum", "optimum", flushCount,
        Double(plan.writtenByteCount) / Double(flushCount * Self.loadByteCount),
        plan.componentMean, plan.componentMax, nil as Double?,
      ])
    }
    return [FigureFile(name: "write-cost.csv", table)]
  }

  /// The cheapest way to merge if each component costs `price` after each load.
  func optimum(price: Double) throws -> OfflinePlan {
    let load = OfflineLoad(byteCount: Self.loadByteCount, queryCount: 1)
    return try OfflineOptimum.plan(
      [OfflineLoad](repeating: load, count: flushCount),
      costs: OfflineCosts(perComponentRead: price))
  }
}
