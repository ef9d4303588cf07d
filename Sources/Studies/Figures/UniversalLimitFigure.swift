import BenchKit
import CompactionPolicies
import PolicyLab

/// Universal compaction with its trigger as its limit, which makes it a costly policy of bounded
/// depth, against a limit of its own (facebook/rocksdb PR 12477).
public struct UniversalLimitFigure: Figure {
  public let name = "universal-limit"
  public let summary = "universal with its trigger as its limit of rowsets, and with others"
  private let flushCount: Int

  public init(flushCount: Int = 4096) { self.flushCount = flushCount }

  static let variants: [(name: String, spec: String)] = [
    ("limit = trigger = 4", "universal:trigger=4"),
    ("limit 8", "universal:trigger=4,max_read_amp=8"),
    ("limit 16", "universal:trigger=4,max_read_amp=16"),
    ("limit from sizes", "universal:trigger=4,max_read_amp=0"),
    ("binomial, k=4", "binomial:k=4"),
  ]

  public func files(_ note: (String) throws -> Void) throws -> [FigureFile] {
    var table = CSVTable(header: [
      "variant", "policy_spec", "flushes", "write_amp", "components_mean", "components_max",
      "opt_gap",
    ])
    for variant in Self.variants {
      try note(variant.name)
      let policy = try PolicyCatalogue.shipped.policy(variant.spec)
      _ = try CanonicalModel().run(policy.policy, flushCount: flushCount) { run, _ in
        // Powers of two and what lies half between.
        guard run.flushCount.isOnLogarithmicGrid else { return }
        table.append(values: [
          variant.name, policy.spec, run.flushCount, run.writeAmplification, run.settledMean,
          run.settledMax, run.optimalityGap,
        ])
      }
    }
    return [FigureFile(name: "universal-limit.csv", table)]
  }
}

extension Int {
  /// Whether it is a power of two, or one and a half times one.
  var isOnLogarithmicGrid: Bool {
    self > 0
      && (nonzeroBitCount == 1
        || (nonzeroBitCount == 2 && self % 3 == 0 && (self / 3).nonzeroBitCount == 1))
  }
}
