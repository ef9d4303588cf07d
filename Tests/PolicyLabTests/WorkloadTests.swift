import StorageBase
import Testing

@testable import PolicyLab

@Suite struct WorkloadTests {
  private func sizes(_ sizes: LoadSizes, _ count: Int) -> [Int] {
    var sizer = LoadSizer(sizes, random: SeededGenerator(seed: 1))
    return (0..<count).map { _ in sizer.next() }
  }

  private func times(_ process: ArrivalProcess, _ count: Int) -> [Double] {
    var clock = ArrivalClock(process, random: SeededGenerator(seed: 1))
    return (0..<count).compactMap { _ in clock.next() }
  }

  @Test func logNormalSizesHaveTheirMoments() {
    let logarithms = sizes(.logNormal(medianByteCount: 1 << 20, sigma: 0.8), 50_000)
      .map { naturalLogarithm(Double($0) / Double(1 << 20)) }
    let mean = logarithms.reduce(0, +) / 50_000
    let variance = logarithms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 50_000
    #expect(abs(mean) < 0.02)
    #expect(abs(variance.squareRoot() - 0.8) < 0.02)
    // Two thirds within one standard deviation, 95 % within two.
    let within = [1.0, 2].map { width in logarithms.count { abs($0) < width * 0.8 } }
    #expect(abs(Double(within[0]) / 50_000 - 0.6827) < 0.01)
    #expect(abs(Double(within[1]) / 50_000 - 0.9545) < 0.01)
  }

  @Test func otherSizes() {
    let mixed = sizes(.mixed(smallByteCount: 10, largeByteCount: 1000, largeShare: 0.1), 20_000)
    #expect(Set(mixed) == [10, 1000])
    #expect(abs(Double(mixed.count { $0 == 1000 }) / 20_000 - 0.1) < 0.01)
    #expect(sizes(.trace([3, 5]), 5) == [3, 5, 3, 5, 3])
    #expect(Set(sizes(.constant(byteCount: 7), 9)) == [7])
  }

  @Test func arrivalsHaveTheirRates() {
    #expect(times(.constant(perSecond: 4), 3) == [0.25, 0.5, 0.75])
    #expect(times(.trace([1, 1, 9]), 5) == [1, 1, 9])
    let poisson = times(.poisson(perSecond: 20), 50_000)
    #expect(abs(poisson[49_999] / 2500 - 1) < 0.02)
    let gaps = zip(poisson.dropFirst(), poisson).map { $0 - $1 }
    // Of an exponential distribution the standard deviation is the mean, and 1/e is beyond it.
    #expect(abs(Double(gaps.count { $0 > 0.05 }) / 49_999 - 0.3679) < 0.01)
    let bursty = times(.bursty(perSecond: 20, onSeconds: 2, offSeconds: 3), 20_000)
    #expect(bursty.allSatisfy { $0.truncatingRemainder(dividingBy: 5) <= 2 + 1e-9 })
    #expect(zip(bursty, bursty.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(abs(bursty[19_999] / 2500 - 1) < 0.03)
  }

  /// Against rowsets of keys drawn at random.
  @Test func overlapIsThatOfRandomKeys() {
    let keyCount = 5000
    var random = SeededGenerator(seed: 1)
    let rowsets = [500, 2000, 1, 4500].map { size -> Set<Int> in
      var keys: Set<Int> = []
      while keys.count < size { keys.insert(Int.random(in: 0..<keyCount, using: &random)) }
      return keys
    }
    let union = rowsets.reduce(into: Set<Int>()) { $0.formUnion($1) }
    let expected = KeyOverlap.uniform(spaceByteCount: keyCount)
      .mergedByteCount(of: rowsets.map(\.count))
    #expect(abs(Double(union.count - expected)) < 0.02 * Double(expected))
    #expect(KeyOverlap.none.mergedByteCount(of: [1, 2, 3]) == 6)
    let uniform = KeyOverlap.uniform(spaceByteCount: 100)
    #expect(uniform.mergedByteCount(of: [100, 70]) == 100)
    #expect(uniform.mergedByteCount(of: [1, 1]) == 2)
    // In which order merges are done does not matter, but for rounding.
    let large = KeyOverlap.uniform(spaceByteCount: 1 << 40)
    let parts = [1 << 36, 1 << 38, 1 << 37]
    let inSteps = large.mergedByteCount(of: [
      large.mergedByteCount(of: [parts[0], parts[1]]), parts[2],
    ])
    #expect(abs(inSteps - large.mergedByteCount(of: parts)) <= 2)
  }

  @Test func quantilesAreCloseToThoseOfTheSortedNumbers() {
    var random = SeededGenerator(seed: 3)
    var quantiles = WeightedQuantiles()
    var numbers: [Double] = []
    for _ in 0..<5000 {
      let number = exponential(Double.random(in: -8...8, using: &random))
      numbers.append(number)
      quantiles.add(number)
    }
    numbers.sort()
    for share in [0.01, 0.5, 0.9, 0.99, 0.999] {
      let exact = numbers[Int((share * 5000).rounded(.up)) - 1]
      #expect(abs(quantiles.quantile(share) / exact - 1) < 0.011)
    }
    #expect(quantiles.quantile(1) == numbers[4999] && quantiles.max == numbers[4999])
    #expect(abs(quantiles.mean / (numbers.reduce(0, +) / 5000) - 1) < 1e-9)
    #expect(WeightedQuantiles().quantile(0.5) == 0)
    var weighted = WeightedQuantiles()
    weighted.add(0, weight: 3)
    weighted.add(5, weight: 1)
    #expect(weighted.quantile(0.75) == 0 && weighted.quantile(0.76) == 5)
    #expect(weighted.mean == 1.25)
  }
}

/// What the command line asks for.
@Suite struct TimedSpecTests {
  @Test func specs() throws {
    #expect(try ArrivalProcess(spec: "poisson:per_s=7") == .poisson(perSecond: 7))
    #expect(try ArrivalProcess(spec: "constant") == .constant(perSecond: 20))
    #expect(try ArrivalProcess(spec: "closed") == .closed)
    #expect(
      try ArrivalProcess(spec: "bursty:per_s=9,off_s=2")
        == .bursty(perSecond: 9, onSeconds: 10, offSeconds: 2))
    #expect(try LoadSizes(spec: "constant:kib=3") == .constant(byteCount: 3072))
    #expect(
      try LoadSizes(spec: "log-normal:sigma=2")
        == .logNormal(medianByteCount: 1 << 20, sigma: 2))
    #expect(
      try LoadSizes(spec: "mixed:small_kib=1,large_kib=2,share=0.5")
        == .mixed(smallByteCount: 1024, largeByteCount: 2048, largeShare: 0.5))
    #expect(try CostModel(list: "") == CostModel())
    let costs = try CostModel(list: "merge_ms=20,bandwidth_mib_s=8")
    #expect(costs.secondsPerMerge == 0.02 && costs.bandwidth == 8 * 1_048_576)
  }

  @Test(arguments: ["poison", "poisson:per_s=0", "poisson:rate=1", "closed:per_s=1", "bursty:"])
  func wrongArrivals(spec: String) {
    #expect(throws: StorageError.self) { try ArrivalProcess(spec: spec) }
  }

  @Test(arguments: ["load_ms=-1", "speed=3", "load_ms"])
  func wrongCosts(list: String) {
    #expect(throws: StorageError.self) { try CostModel(list: list) }
  }
}
