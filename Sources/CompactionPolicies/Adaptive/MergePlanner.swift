/// Plans merges of a stack of rowsets, so that merges and the queries of a horizon cost least
/// together.
///
/// Costs are in units of merging one load of the usual size. Let h(t) be the least cost of t loads
/// on an empty stack, and D(j, t) that of t loads on top of what is there, counting the rowsets
/// from the j-th on. Either the j-th is not rewritten, or it is with load s for the last time; then
/// what comes afterwards stands on it as if nothing were below:
///
///     h(t)    = min over p of h(p-1) + write(p) + read · (t-p+1) + h(t-p)
///     D(j, t) = min of read · (t+1) + D(j+1, t)
///                  and over s of D(j, s-1) + write(size(j...) + s) + read · (t-s+1) + h(t-s)
///
/// A merge is due if the plan has one with s = 0, before any further load. This is the dynamic
/// program of the offline optimum with a beginning that is given and a future of equal loads;
/// EcoTune (Wang et al., SIGMOD 2025) plans rounds of arrivals in a similar way.
struct MergePlanner {
  private let costs: PlanningCosts
  private let grid: PlanningGrid
  /// Points of the grid up to the horizon.
  private let count: Int
  /// h at the points.
  private let fresh: [Double]

  /// - Parameter horizon: the loads to look ahead.
  /// - Complexity: the square of the logarithm of the horizon.
  init(_ costs: PlanningCosts, horizon: Int, grid: PlanningGrid = .standard) {
    self.costs = costs
    self.grid = grid
    count = grid.count(upTo: horizon)
    let read = costs.read
    var fresh = [0.0]
    for later in 1..<count {
      let t = grid.points[later]
      // None is ever merged.
      var best = read * t * (t + 1) / 2
      for p in 1..<later {
        let first = grid.points[p]
        // What comes first is never merged. The rest must be known: at most the point before.
        if t - first <= grid.points[later - 1] {
          let rest = grid.value(fresh, from: p, to: later)
          best = min(best, read * first * (t - (first - 1) / 2) + rest)
          if first > 1 {
            let before = grid.value(fresh, before: p)
            best = min(best, before + costs.write(first) + read * (t - first + 1) + rest)
          }
        }
      }
      fresh.append(best)
    }
    self.fresh = fresh
  }

  /// The oldest of the youngest rowsets that are best merged now; nil if it is better to wait.
  /// - Parameter sizes: oldest first, in loads.
  /// - Complexity: the number of rowsets times the square of the logarithm of the horizon.
  func mergeStart(_ sizes: [Double]) -> Int? {
    // What a merge could save in all of the horizon.
    let saved = costs.read * Double(sizes.count - 1) * (grid.points[count - 1] + costs.silence)
    guard sizes.count > 1, saved > costs.merge else { return nil }
    var plan = Plan(costs: fresh, starts: [Int](repeating: sizes.count, count: count))
    var size = 0.0
    for place in sizes.indices.reversed() {
      size += sizes[place]
      plan = extend(plan, with: place, size: size, canMergeNow: place < sizes.count - 1)
    }
    let start = plan.starts[count - 1]
    return start < sizes.count ? firstStart(sizes, to: start) : nil
  }

  /// Where to begin if all rowsets from `start` on are to be merged: with them, or with some of the
  /// youngest first if that takes many off the reads soon and the others take long.
  private func firstStart(_ sizes: [Double], to start: Int) -> Int {
    let all = sizes[start...].reduce(0, +)
    var best = (saved: 0.0, start: start)
    var size = 0.0
    for place in (start + 1..<sizes.count).reversed() {
      size += sizes[place]
      let removedCount = sizes.count - 1 - place
      guard removedCount > 0 else { continue }
      let saved =
        costs.reads(of: removedCount, whileMerging: all)
        - costs.reads(of: sizes.count - 1 - start, whileMerging: size) - costs.write(size)
      if saved > best.saved { best = (saved, place) }
    }
    return best.start
  }

  /// For some of the youngest rowsets and each point.
  private struct Plan {
    var costs: [Double]
    /// The oldest rowset that is merged now; their number if none is.
    var starts: [Int]
  }

  /// D(j, ·) from D(j+1, ·).
  /// - Parameter size: that of a merge of rowset `place` and those after it.
  private func extend(
    _ above: Plan, with place: Int, size: Double, canMergeNow: Bool
  ) -> Plan {
    var plan = Plan(costs: [], starts: [])
    plan.costs.reserveCapacity(count)
    plan.starts.reserveCapacity(count)
    for later in 0..<count {
      let t = grid.points[later]
      let kept = costs.read * (t + costs.silence)
      var best = kept + above.costs[later]
      var start = above.starts[later]
      if canMergeNow {
        let cost = costs.write(size) + kept + fresh[later]
        if cost < best { (best, start) = (cost, place) }
      }
      for s in stride(from: 1, through: later, by: 1) {
        // A merge at the last load of all is of use only if reads are dear.
        if s == later, !grid.hasExactPredecessor(s) { continue }
        let loads = grid.points[s]
        let before = grid.value(plan.costs, before: s)
        let input = size + loads
        let cost =
          before + costs.write(input) + costs.read * (t - loads + 1)
          + grid.value(fresh, from: s, to: later)
        if cost < best { (best, start) = (cost, plan.starts[grid.placeBefore(s)]) }
      }
      plan.costs.append(best)
      plan.starts.append(start)
    }
    return plan
  }
}
