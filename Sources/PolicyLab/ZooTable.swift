import CompactionPolicies
import StorageBase
import TabletModel

/// What the policies of the literature cost in the canonical model, side by side, with the bounds
/// below which no policy of at most k rowsets can get.
public struct ZooTable: Sendable {
  /// One cell: what a policy has cost after a number of flushes.
  public struct Cell: Hashable, Sendable, CustomStringConvertible {
    /// Bytes written in units of a flush.
    public let totalCount: Int
    public let settledMax: Int
    public let settledMean: Double

    /// `24/3/1.625`: bytes written, greatest and mean number of components, rounded half to even.
    public var description: String {
      let thousandths = Int((settledMean * 1000).rounded(.toNearestOrEven))
      let fraction = String(1000 + thousandths % 1000).dropFirst()
      return "\(totalCount)/\(settledMax)/\(thousandths / 1000).\(fraction)"
    }
  }

  /// Policies whose figures are known, as they are asked for.
  public static let specs = [
    "tiered:t=2", "tiered:t=4", "leveled:t=4", "leveled:t=10", "lazy-leveled:t=4",
    "collapsed:b=2", "constant:k=4", "bigtable:k=4", "binomial:k=4", "min-latency:k=4",
    "universal:trigger=4", "exploring", "num-based", "gradient",
  ]
  public static let flushCounts = [2, 8, 32, 128, 512, 2048]
  /// Bounds on components for which the optimum is given.
  public static let optimumBounds = [2, 4, 10]

  public let policies: [(spec: String, cells: [Cell])]
  /// The least bytes to build, in flushes: one row for each bound.
  public let optima: [(bound: Int, buildCounts: [Int])]

  /// Runs `specs` with loads of 1 MiB, which matters to the policies of Doris only.
  /// - Throws: `StorageError` for a spec that makes no policy, `PolicyFault` as `CanonicalModel`.
  public init(
    specs: [String] = ZooTable.specs, flushCounts: [Int] = ZooTable.flushCounts,
    catalogue: PolicyCatalogue = .shipped
  ) throws {
    var rows: [(spec: String, cells: [Cell])] = []
    for spec in specs {
      let policy = try catalogue.policy(spec).policy
      var cells: [Int: Cell] = [:]
      _ = try CanonicalModel().run(policy, flushCount: flushCounts.max() ?? 0) { run, _ in
        guard flushCounts.contains(run.flushCount) else { return }
        cells[run.flushCount] = Cell(
          totalCount: run.totalByteCount / run.loadByteCount, settledMax: run.settledMax,
          settledMean: run.settledMean)
      }
      rows.append((spec, flushCounts.compactMap { cells[$0] }))
    }
    policies = rows
    optima = Self.optimumBounds.map { bound in
      let counts = flushCounts.map {
        KBoundedOptimum.buildCount(componentMax: bound, flushCount: $0)
      }
      return (bound, counts)
    }
  }
}
