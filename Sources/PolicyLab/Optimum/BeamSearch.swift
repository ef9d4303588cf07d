import StorageBase

/// A cheap way to merge a trace that is too long for `OfflineOptimum`: not always the cheapest, but
/// an upper bound of it that no online policy is likely to meet.
///
/// It goes through the loads once and keeps the `width` best stacks for each number of components.
/// A stack that has paid for few or uneven components has less to pay later: compared by cost
/// alone, the laziest would always win until it is too late. So numbers of components are kept
/// apart, and within one the cost is lessened by what unevenness is worth: each bit of entropy that
/// merging has removed, the sum of s·log2(s) over the components, is worth a part of a byte
/// written. (A merge of equals removes one bit for each byte it writes.)
public struct BeamSearch: Sendable {
  public let width: Int
  /// Stacks never get higher; a bound on work, and on components if one is wanted.
  public let componentMax: Int

  public init(width: Int = 16, componentMax: Int = 48) {
    precondition(width >= 1 && componentMax >= 1, "a beam has a width and a height")
    self.width = width
    self.componentMax = componentMax
  }

  /// Bytes that a bit of entropy may be worth. How much it is depends on how dear reads are, so
  /// that each is tried.
  private static let worths = [0.1, 0.25, 0.5]

  /// - Complexity: loads · componentMax² · width.
  public func plan(_ loads: [OfflineLoad], costs: OfflineCosts) -> OfflinePlan {
    let problem = OfflineProblem(loads, costs)
    let plans = Self.worths.map { plan(loads, costs, problem, worth: $0) }
    return plans.dropFirst().reduce(plans[0]) { $1.cost < $0.cost ? $1 : $0 }
  }

  private func plan(
    _ loads: [OfflineLoad], _ costs: OfflineCosts, _ problem: OfflineProblem, worth: Double
  ) -> OfflinePlan {
    var beam = [Node(cost: 0, firstLoads: [], order: [])]
    var history: [[(parent: Int, firstLoad: Int)]] = []
    for load in loads.indices {
      let steps = cheapest(of: beam, load, problem, worth)
      beam = steps.map { step in
        let parent = beam[step.parent]
        return Node(
          cost: step.cost, firstLoads: parent.firstLoads.prefix(step.kept) + [step.firstLoad],
          order: parent.order.prefix(step.kept) + [step.order])
      }
      history.append(steps.map { ($0.parent, $0.firstLoad) })
    }
    var firstLoads = [Int](repeating: 0, count: loads.count)
    var place = beam.indices.min { beam[$0].cost < beam[$1].cost } ?? 0
    for load in loads.indices.reversed() {
      firstLoads[load] = history[load][place].firstLoad
      place = history[load][place].parent
    }
    return OfflinePlan(firstLoads: firstLoads, of: loads, costs: costs)
  }

  private struct Node {
    var cost: Double
    /// Of each component, oldest first.
    var firstLoads: [Int]
    /// s·log2(s) of each, in the unit of costs, summed up from the oldest.
    var order: [Double]
  }

  private struct Step {
    var parent: Int
    var kept: Int
    var firstLoad: Int
    var cost: Double
    var order: Double
    /// The cost without what it will save.
    var rank: Double
  }

  /// The `width` best ways to take `load` in for each number of components.
  private func cheapest(
    of beam: [Node], _ load: Int, _ problem: OfflineProblem, _ worth: Double
  ) -> [Step] {
    var best = [[Step]](repeating: [], count: componentMax + 1)
    let read = problem.reads(load, load)
    for (parent, node) in beam.enumerated() {
      for kept in 0...min(node.firstLoads.count, componentMax - 1) {
        let first = kept < node.firstLoads.count ? node.firstLoads[kept] : load
        let cost = node.cost + problem.write(first, load) + read * Double(kept + 1)
        let order = (kept > 0 ? node.order[kept - 1] : 0) + problem.order(first, load)
        let rank = cost - worth * order
        let place = best[kept + 1].firstIndex { rank < $0.rank } ?? best[kept + 1].count
        guard place < width else { continue }
        best[kept + 1].insert(
          Step(
            parent: parent, kept: kept, firstLoad: first, cost: cost, order: order, rank: rank),
          at: place)
        if best[kept + 1].count > width { best[kept + 1].removeLast() }
      }
    }
    return best.flatMap { $0 }
  }
}
