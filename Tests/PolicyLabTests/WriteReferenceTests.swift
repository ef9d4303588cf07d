import CompactionPolicies
import StorageBase
import TabletModel
import Testing

@testable import PolicyLab

/// The least that can be written by trying everything: after each load any merges of neighbours.
private struct EveryPlan {
  let byteCounts: [Int]
  let componentMax: Int
  /// Of a component of these loads.
  let bytes: (ClosedRange<Int>) -> Double
  private var known: [[Int]: Double] = [:]

  init(_ byteCounts: [Int], componentMax: Int, bytes: @escaping (ClosedRange<Int>) -> Double) {
    (self.byteCounts, self.componentMax, self.bytes) = (byteCounts, componentMax, bytes)
  }

  /// From the arrival of `load` on, on top of components that begin at `starts`.
  mutating func cost(from load: Int = 0, starts: [Int] = []) -> Double {
    guard load < byteCounts.count else { return 0 }
    return Double(byteCounts[load]) + settling(load, starts + [load])
  }

  private mutating func settling(_ load: Int, _ starts: [Int]) -> Double {
    if let cost = known[[load] + starts] { return cost }
    var best = Double.infinity
    if starts.count <= componentMax { best = cost(from: load + 1, starts: starts) }
    for low in starts.indices {
      for high in starts.indices where high > low {
        let end = high + 1 < starts.count ? starts[high + 1] : load + 1
        let merged = Array(starts[...low] + starts[(high + 1)...])
        best = min(best, bytes(starts[low]...end - 1) + settling(load, merged))
      }
    }
    known[[load] + starts] = best
    return best
  }
}

@Suite struct WriteReferenceTests {
  private static func loads(_ count: Int, _ random: inout SeededGenerator) -> TabletLoads {
    var loads = TabletLoads()
    let widest = Int.random(in: 0...10, using: &random)
    for _ in 0..<count {
      let rows =
        1 + Int.random(in: 0...(1 << Int.random(in: 0...widest, using: &random)), using: &random)
      loads.rowCounts.append(rows)
      loads.byteCounts.append(40 + 7 * rows)
    }
    return loads
  }

  /// Small rowsets have more for each row.
  private static let curve = RowsetSizes(
    [(1, 47), (10, 80), (100, 500), (1000, 4000)].map { rows, bytes in
      RowsetSummary(
        versions: .initial, byteCount: bytes, rowCount: rows, createdAt: Timestamp(rawValue: 0))
    })

  private static func kinds(_ sum: Int) -> [ComponentSizes] {
    [
      ComponentSizes(), ComponentSizes(overlap: .uniform(spaceByteCount: max(60, sum / 3))),
      ComponentSizes(rowsetSizes: curve),
      ComponentSizes(
        overlap: .uniform(spaceByteCount: max(60, 2 * sum)), rowsetSizes: curve),
    ]
  }

  @Test(arguments: 1...6) func nothingIsCheaper(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let loads = Self.loads(6, &random)
    for sizes in Self.kinds(loads.byteCounts.reduce(0, +)) {
      for componentMax in 1...4 {
        let reference = WriteReference(loads, componentMax: componentMax, sizes: sizes)
        guard let table = sizes.table(of: loads) else {
          #expect(reference.kind == .bound)
          continue
        }
        var every = EveryPlan(loads.byteCounts, componentMax: componentMax) { range in
          guard table.isEmpty else { return table[range.lowerBound * 6 + range.upperBound] }
          return Double(loads.byteCounts[range].reduce(0, +))
        }
        #expect(reference.kind == .exact)
        #expect(abs(reference.byteCount - every.cost()) < 1e-6)
      }
    }
  }

  /// The bound is one, and not far off.
  @Test(arguments: 1...10) func theBoundIsBelow(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let loads = Self.loads(Int.random(in: 15...35, using: &random), &random)
    for sizes in Self.kinds(loads.byteCounts.reduce(0, +)).prefix(3) {
      for componentMax in [1, 2, 5] {
        let exact = WriteReference(loads, componentMax: componentMax, sizes: sizes)
        #expect(exact.kind == .exact)
        let bound = WriteBound(loads, sizes: sizes).byteCount(componentMax: componentMax)
        #expect(bound <= exact.byteCount * (1 + 1e-9))
        #expect(bound >= exact.byteCount * 0.3)
      }
    }
  }

  @Test func equalLoadsHaveTheClosedForm() {
    var loads = TabletLoads()
    loads.byteCounts = [Int](repeating: 1000, count: 5000)
    loads.rowCounts = [Int](repeating: 0, count: 5000)
    for componentMax in [1, 2, 5, 12, 40] {
      let reference = WriteReference(
        loads, componentMax: componentMax, sizes: ComponentSizes())
      let count = KBoundedOptimum.buildCount(componentMax: componentMax, flushCount: 5000)
      #expect(reference.kind == .bound)
      #expect(abs(reference.byteCount / Double(1000 * count) - 1) < 1e-12)
    }
    let free = WriteReference(loads, componentMax: 5000, sizes: ComponentSizes())
    #expect(free.kind == .exact && free.byteCount == 5_000_000)
  }

  /// No policy writes less, whatever comes and however long merges take.
  @Test(arguments: 1...12) func noPolicyWritesLess(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var model = TimedModel()
    model.seed = seed
    model.tabletCount = Int.random(in: 1...3, using: &random)
    model.arrivals = try ArrivalProcess(
      spec: ["closed", "poisson", "bursty:per_s=90,on_s=1,off_s=1"][Int(seed % 3)])
    model.sizes = try LoadSizes(
      spec: [
        "constant:kib=100", "log-normal:median_kib=50", "mixed:small_kib=1,large_kib=900",
        "log-normal:median_kib=50,sigma=0.2",
      ][Int(seed % 4)])
    if Bool.random(using: &random) { model.overlap = .uniform(spaceByteCount: 8 << 20) }
    if Bool.random(using: &random) { model.costs = .free }
    let names = ["tiered", "gradient", "universal", "leveled", "full", "none", "binomial"]
    for name in names.shuffled(using: &random).prefix(2) {
      for loadCount in [30, 500] {
        let policy = try PolicyCatalogue.shipped.policy(name).policy
        let run = try model.run(policy, loadCount: loadCount)
        let (gap, kind) = try #require(model.optimalityGap(of: run))
        #expect(gap >= 1 - 1e-6, "\(name), \(loadCount) loads")
        if loadCount == 30 || name == "none" { #expect(kind == .exact) }
      }
    }
  }

  /// Tablets that had rows before are measured by what is new, and a run without loads by nothing.
  @Test func startingTabletsMakeItABound() throws {
    let rowset = { (version: Int64, bytes: Int) in
      RowsetSummary(
        versions: VersionRange(version, version), byteCount: bytes, rowCount: 1,
        createdAt: Timestamp(rawValue: 0))
    }
    let empty = RowsetSummary(
      versions: .initial, byteCount: 0, segmentCount: 0, createdAt: Timestamp(rawValue: 0))
    var model = TimedModel()
    model.startingTablets = [
      TracedTablet(
        keysModel: .duplicate, rowsets: [empty, rowset(2, 1 << 20), rowset(3, 1 << 20)],
        cumulativePoint: Version(2), lastSuccessAt: [:])
    ]
    let policy = try PolicyCatalogue.shipped.policy("full:k=2").policy
    let gap = try #require(model.optimalityGap(of: try model.run(policy, loadCount: 20)))
    #expect(gap.gap >= 1 && gap.kind == .bound)
    #expect(model.optimalityGap(of: try model.run(policy, loadCount: 0)) == nil)
  }
}
