import CompactionPolicies
import PolicyLab
import StorageBase
import Testing

/// The least cost by trying everything, merges of any neighbours included: after each load any
/// sequence of them. A stack is the set of loads at which its components begin.
private struct ExhaustiveSearch {
  let loads: [OfflineLoad]
  let costs: OfflineCosts
  let componentMax: Int
  private var known: [[Int]: Double] = [:]

  init(_ loads: [OfflineLoad], _ costs: OfflineCosts, componentMax: Int) {
    (self.loads, self.costs, self.componentMax) = (loads, costs, componentMax)
  }

  /// From the arrival of `load` on, on top of components that begin at `starts`.
  mutating func cost(from load: Int = 0, starts: [Int] = []) -> Double {
    guard load < loads.count else { return 0 }
    let write = Double(loads[load].byteCount) * costs.perByteWritten
    return write + settling(load, starts + [load])
  }

  private mutating func settling(_ load: Int, _ starts: [Int]) -> Double {
    if let cost = known[[load] + starts] { return cost }
    var best = Double.infinity
    if starts.count <= componentMax {
      let read = loads[load].queryCount * Double(starts.count) * costs.perComponentRead
      best = read + cost(from: load + 1, starts: starts)
    }
    for low in starts.indices {
      for high in starts.indices where high > low {
        let end = high + 1 < starts.count ? starts[high + 1] : load + 1
        let byteCount = loads[starts[low]..<end].reduce(0) { $0 + $1.byteCount }
        let merged = Array(starts[...low] + starts[(high + 1)...])
        best = min(best, Double(byteCount) * costs.perByteWritten + settling(load, merged))
      }
    }
    known[[load] + starts] = best
    return best
  }
}

private func randomLoads(_ count: Int, seed: UInt64) -> [OfflineLoad] {
  var random = SeededGenerator(seed: seed)
  return (0..<count).map { _ in
    OfflineLoad(
      byteCount: Int.random(in: 1...(1 << Int.random(in: 0...8, using: &random)), using: &random),
      queryCount: Double(Int.random(in: 0...5, using: &random)))
  }
}

@Suite struct OfflineOptimumTests {
  /// No order of merges whatever is cheaper, also none that merges older components alone.
  @Test(arguments: 1...4 as ClosedRange<UInt64>) func nothingIsCheaper(seed: UInt64) throws {
    let loads = randomLoads(6, seed: seed)
    for (costs, componentMax) in [
      (OfflineCosts(perComponentRead: 10), nil), (OfflineCosts(perComponentRead: 0.5), nil),
      (OfflineCosts(), 2), (OfflineCosts(perComponentRead: 3), 3), (OfflineCosts(), 1),
    ] as [(OfflineCosts, Int?)] {
      var search = ExhaustiveSearch(loads, costs, componentMax: componentMax ?? 99)
      let plan = try OfflineOptimum.plan(loads, costs: costs, componentMax: componentMax)
      #expect(abs(plan.cost - search.cost()) < 1e-9)
      #expect(plan.componentMax <= componentMax ?? 99)
    }
  }

  /// With equal loads and no reads it is the closed form.
  @Test(arguments: 1...6) func equalLoads(k: Int) throws {
    let costs = OfflineCosts(mergesFromMemory: true)
    for n in [0, 1, 2, 5, 17, 60] {
      let loads = [OfflineLoad](repeating: OfflineLoad(byteCount: 1), count: n)
      let plan = try OfflineOptimum.plan(loads, costs: costs, componentMax: k)
      #expect(
        plan.writtenByteCount == KBoundedOptimum.buildCount(componentMax: k, flushCount: n))
      #expect(plan.componentMax <= k)
    }
  }

  /// Reads that cost nothing leave everything as it is; very dear ones make one component.
  @Test func extremes() throws {
    let loads = randomLoads(50, seed: 1).map {
      OfflineLoad(byteCount: $0.byteCount, queryCount: 1)
    }
    let free = try OfflineOptimum.plan(loads, costs: OfflineCosts())
    #expect(free.mergeCount == 0 && free.componentMax == 50)
    let dear = try OfflineOptimum.plan(loads, costs: OfflineCosts(perComponentRead: 1e9))
    #expect(dear.componentMax == 1 && dear.mergeCount == 49)
    #expect(throws: StorageError.self) {
      try OfflineOptimum.plan(
        [OfflineLoad](repeating: OfflineLoad(byteCount: 1), count: 1025), costs: OfflineCosts())
    }
  }

  /// The beam is never below the optimum, and close to it.
  @Test(arguments: 1...3 as ClosedRange<UInt64>) func beams(seed: UInt64) throws {
    let loads = randomLoads(90, seed: seed)
    for perComponentRead in [1.0, 30, 1000] {
      let costs = OfflineCosts(perComponentRead: perComponentRead)
      let best = try OfflineOptimum.plan(loads, costs: costs)
      let beam = BeamSearch(width: 8, componentMax: 16).plan(loads, costs: costs)
      #expect(beam.cost >= best.cost - 1e-9)
      #expect(beam.cost <= 1.08 * best.cost, "\(beam.cost) against \(best.cost)")
    }
  }

  /// What a policy of the catalogue does is a plan as well, and no cheaper one.
  @Test func policiesAreNotCheaper() throws {
    let loads = [OfflineLoad](
      repeating: OfflineLoad(byteCount: 1 << 20, queryCount: 2), count: 120)
    let costs = OfflineCosts(perByteWritten: 1, perComponentRead: Double(1 << 20))
    let best = try OfflineOptimum.plan(loads, costs: costs)
    for entry in PolicyCatalogue.shipped.entries {
      let policy = try PolicyCatalogue.shipped.policy(entry.name).policy
      let run = try CanonicalModel().run(policy, flushCount: loads.count)
      let reads = 2 * run.settledMean * Double(loads.count) * costs.perComponentRead
      #expect(Double(run.totalByteCount) + reads >= best.cost - 1)
    }
  }
}
