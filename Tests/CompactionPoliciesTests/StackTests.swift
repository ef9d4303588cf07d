import StorageBase
import TabletModel
import Testing

@testable import CompactionPolicies

/// The arithmetic that policies share, against its definitions.
@Suite struct StackTests {
  @Test(arguments: [2, 3, 4, 10, 1000], [1, 777, 1 << 20])
  func levelsFollowTheirDefinition(ratio: Int, unit: Int) {
    var parameters = PolicyParameters(policy: "test")
    let levels = SizeLevels(ratio: ratio, &parameters)
    var random = SeededGenerator(seed: 1)
    let sizes = (0..<200).map { Int.random(in: 1...Int.max, using: &random) >> ($0 % 60) }
    var borders = [unit - 1, unit, unit + 1, unit * ratio - 1, unit * ratio, Int.max]
    borders += [unit / ratio, unit / ratio + 1, 1]
    for size in sizes + borders where size > 0 {
      // The greatest l such that unit·ratio^l <= size, in exact arithmetic of sizes and of powers.
      let level = levels.level(of: size, unit: unit)
      #expect(isAtMost(unit, ratio, level, size), "\(size)")
      #expect(!isAtMost(unit, ratio, level + 1, size), "\(size)")
    }
    #expect(levels.level(of: 0, unit: unit) == Int.min)
  }

  /// unit · ratio^level <= size.
  private func isAtMost(_ unit: Int, _ ratio: Int, _ level: Int, _ size: Int) -> Bool {
    var left: (value: Int, overflow: Bool) = (unit, false)
    for _ in 0..<max(level, 0) where !left.overflow {
      let product = left.value.multipliedReportingOverflow(by: ratio)
      left = (product.partialValue, product.overflow)
    }
    var right: (value: Int, overflow: Bool) = (size, false)
    for _ in 0..<max(-level, 0) where !right.overflow {
      let product = right.value.multipliedReportingOverflow(by: ratio)
      right = (product.partialValue, product.overflow)
    }
    return right.overflow || !left.overflow && left.value <= right.value
  }

  /// The recursion as it is published.
  private func keptByRecursion(_ d: Int, _ h: Int, _ t: Int) -> Int {
    if t == 0 { return 0 }
    let block = Binomials.choose(d + h - 1, h)
    return t < block
      ? keptByRecursion(d - 1, h, t) : 1 + keptByRecursion(d, h - 1, t - block)
  }

  @Test(arguments: 1...7) func binomialPoliciesFollowTheirRecursion(k: Int) {
    var parameters = PolicyParameters(policy: "test", given: ["k": "\(k)"])
    let binomial = BinomialPolicy(&parameters)
    parameters = PolicyParameters(policy: "test", given: ["k": "\(k)"])
    let minLatency = MinLatencyPolicy(&parameters)
    for t in 1...(k == 1 ? 200 : 3000) {
      var d = 1
      while Binomials.choose(d + k, d) - 1 < t { d += 1 }
      #expect(
        minLatency.keptCount(load: t)
          == keptByRecursion(d, k - 1, t - Binomials.choose(d - 1 + k, d - 1)))
      d = 1
      var end = 1
      while end < t {
        d += 1
        end += Binomials.choose(d + min(d, k) - 1, d)
      }
      let start = end - Binomials.choose(d + min(d, k) - 1, d)
      #expect(
        binomial.keptCount(load: t) == keptByRecursion(d, min(d, k) - 1, t - start - 1))
    }
  }

  /// Loads are numbered up to 2^63; the stack stays bounded all the way.
  @Test func binomialsOfVeryLargeTablets() {
    for k in [1, 2, 3, 10, 100] {
      var parameters = PolicyParameters(policy: "test", given: ["k": "\(k)"])
      let binomial = BinomialPolicy(&parameters)
      parameters = PolicyParameters(policy: "test", given: ["k": "\(k)"])
      let minLatency = MinLatencyPolicy(&parameters)
      for t in [1_000_000, 1 << 40, Int.max / 2] {
        #expect((0..<k).contains(binomial.keptCount(load: t)))
        #expect((0..<k).contains(minLatency.keptCount(load: t)))
      }
    }
  }

  @Test func ratiosAreExact() {
    let ratio = SizeRatio(1.2)
    #expect(ratio.allows(6, for: 5) && !ratio.allows(7, for: 5))
    #expect(ratio.allows(0, for: 0) && !ratio.allows(1, for: 0))
    let large = Int.max / 6 * 5
    #expect(ratio.allows(Int.max / 6 * 6, for: large))
    #expect(!ratio.allows(Int.max / 6 * 6 + 1, for: large))
  }
}
