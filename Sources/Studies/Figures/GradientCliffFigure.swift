import BenchKit
import CompactionPolicies
import PolicyLab
import StorageBase

/// Gradient beyond a base of 20 GiB: the promotion size stops growing at its cap, so that base
/// compaction comes at a constant distance and rewrites all there is. And what mends it.
public struct GradientCliffFigure: Figure {
  public let name = "gradient-cliff"
  public let summary = "gradient beyond a base of 20 GiB: writes grow with the data; and its fixes"
  private let flushCount: Int

  public init(flushCount: Int = 8000) { self.flushCount = flushCount }

  private static let loadByteCount = 64 << 20
  private static let sampleCount = 125

  static let variants: [(name: String, spec: String, keys: KeysModel)] = [
    ("gradient, unique keys", "gradient", .unique),
    ("promotion cap raised", "gradient:promotion_size_mbytes=1048576", .unique),
    ("duplicate keys: large rowsets spared", "gradient", .duplicate),
  ]

  public func files(_ note: (String) throws -> Void) throws -> [FigureFile] {
    var table = CSVTable(header: [
      "variant", "policy_spec", "flushes", "loaded_gib", "write_amp", "write_amp_recent",
      "components_mean", "components_max",
    ])
    let step = max(1, flushCount / Self.sampleCount)
    for variant in Self.variants {
      let policy = try PolicyCatalogue.shipped.policy(variant.spec)
      let model = CanonicalModel(loadByteCount: Self.loadByteCount, keysModel: variant.keys)
      var before = 0
      _ = try model.run(policy.policy, flushCount: flushCount) { run, _ in
        guard run.flushCount % step == 0 else { return }
        try note("\(variant.name), \(run.flushCount) of \(flushCount) loads")
        let recent = run.totalByteCount - before
        before = run.totalByteCount
        table.append(values: [
          variant.name, policy.spec, run.flushCount,
          Double(run.flushCount * Self.loadByteCount) / Double(1 << 30), run.writeAmplification,
          Double(recent) / Double(step * Self.loadByteCount), run.settledMean, run.settledMax,
        ])
      }
    }
    return [FigureFile(name: "gradient-cliff.csv", table)]
  }
}
