import TabletModel

/// The policy that the README shows, as it looks outside this package: with `TabletModel` alone.
public struct ByDepth: CompactionPolicy {
  public let t: Int

  /// - Parameter t: rowsets merged at a time, at least 2.
  public init(t: Int) { self.t = t }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "tiering", granularity: "suffix", movement: "newest")
  }

  public func decide(_ facts: TabletFacts) -> CompactionDecision {
    if let obstacle = facts.cumulativeObstacle { return .wait(until: nil, because: obstacle) }
    let newest = facts.components.suffix(t)
    let depths = Set(newest.map(\.mergeDepth))
    guard newest.count == t, depths.count == 1 else {
      return .wait(until: nil, because: "the newest \(newest.count) differ in depth")
    }
    return .compact([.merging(newest, kind: .cumulative)], because: "\(t) of equal depth")
  }
}
