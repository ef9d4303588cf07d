import BenchKit
import CompactionPolicies
import PolicyLab

/// Tiering in which each merge that a load sets off is carried out, against tiering in which they
/// are one: the same components at all times, and for two rowsets per merge half of the writes.
public struct CollapsedCascadesFigure: Figure {
  public let name = "collapsed-cascades"
  public let summary = "merges that follow from each other, one by one or as one"
  private let flushCount: Int

  public init(flushCount: Int = 4096) { self.flushCount = flushCount }

  static let ratios = [2, 4, 10]

  public func files(_ note: (String) throws -> Void) throws -> [FigureFile] {
    var table = CSVTable(header: [
      "rowsets_per_merge", "collapsed", "policy_spec", "flushes", "write_amp", "components_mean",
      "components_max",
    ])
    for ratio in Self.ratios {
      for isCollapsed in [false, true] {
        let spec = isCollapsed ? "collapsed:b=\(ratio)" : "tiered:t=\(ratio)"
        try note(spec)
        let policy = try PolicyCatalogue.shipped.policy(spec)
        _ = try CanonicalModel().run(policy.policy, flushCount: flushCount) { run, _ in
          guard run.flushCount.isOnLogarithmicGrid else { return }
          table.append(values: [
            ratio, isCollapsed, policy.spec, run.flushCount, run.writeAmplification,
            run.settledMean, run.settledMax,
          ])
        }
      }
    }
    return [FigureFile(name: "collapsed-cascades.csv", table)]
  }
}
