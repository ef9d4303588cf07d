/// The least that has to be written for the loads of a tablet, for policies to be measured by:
/// loads are written by themselves, merges take no time, and there are never more components when
/// the next load comes than the policy had.
///
/// It is no more than any policy can have written. Merges that take time cannot do better: each
/// could as well have been done when the youngest of its inputs came, with the same output, and
/// fewer components since.
public struct WriteReference: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// By dynamic programme (`OfflineOptimum`): it can be reached by whoever knows all loads.
    case exact
    /// A bound from below (`WriteBound`), which nobody may reach.
    case bound
  }

  public let kind: Kind
  public let byteCount: Double

  /// Programmes of more steps are not run: they take about a hundredth of a second.
  static let stepCountMax = 4_000_000

  /// - Parameters:
  ///   - componentMax: at least 1.
  ///   - sizes: what components of several loads have.
  init(_ loads: TabletLoads, componentMax: Int, sizes: ComponentSizes) {
    let count = loads.byteCounts.count
    let offline = loads.byteCounts.map { OfflineLoad(byteCount: $0) }
    let stepCount = Self.cube(count) / 6 * min(componentMax, max(1, count))
    // Whoever has as many components as loads need not merge.
    if componentMax >= count, !loads.hasOlder {
      kind = .exact
      byteCount = loads.byteCounts.reduce(0) { $0 + Double($1) }
    } else if stepCount <= Self.stepCountMax, let table = sizes.table(of: loads) {
      let problem = OfflineProblem(offline, OfflineCosts(), componentBytes: table)
      // What was there before is left out, which nobody can do who merges it.
      kind = loads.hasOlder ? .bound : .exact
      byteCount = OfflineOptimum.leastCost(problem, componentMax: componentMax)
    } else {
      kind = .bound
      byteCount = WriteBound(loads, sizes: sizes).byteCount(componentMax: componentMax)
    }
  }

  private static func cube(_ count: Int) -> Int {
    count > 1 << 20 ? Int.max >> 12 : count * count * count
  }
}

/// The loads of a tablet in a run, oldest first.
public struct TabletLoads: Hashable, Sendable {
  public internal(set) var byteCounts: [Int] = []
  /// 0 where they are not known.
  public internal(set) var rowCounts: [Int] = []
  /// Most components there were when the next load came, or after the last one.
  public internal(set) var componentMax = 0
  /// Whether there were rows before the first one.
  public internal(set) var hasOlder = false

  init() {}
}
