import CompactionPolicies
import PolicyLab
import TabletModel
import Testing

/// The optimum by dynamic programming: `V(k, t) = t + min over s of V(k, s) + V(k-1, t-s-1)`,
/// where s flushes come before the one that rebuilds the whole stack for the last time, and the
/// rest is kept above its output in one component less. Without a rebuild of the whole stack by
/// flush t, s is t - 1 and the cost of the last flush is t.
private func optimaByRecurrence(componentMax: Int, flushCount: Int) -> [[Int]] {
  var table = [[Int]](
    repeating: [Int](repeating: 0, count: flushCount + 1), count: componentMax + 1)
  for k in 1...componentMax {
    for t in 1...flushCount {
      var best = Int.max
      for s in 0..<t where k > 1 || s == t - 1 {
        let above = k > 1 ? table[k - 1][t - s - 1] : 0
        // The rebuild at flush s + 1 writes all s + 1 flushes.
        best = min(best, table[k][s] + (s + 1) + above)
      }
      table[k][t] = best
    }
  }
  return table
}

private func binomial(_ n: Int, _ k: Int) -> Int {
  (0..<k).reduce(1) { $0 * (n - $1) / ($1 + 1) }
}

@Suite struct KBoundedOptimumTests {
  @Test func meetsTheRecurrence() {
    let table = optimaByRecurrence(componentMax: 6, flushCount: 150)
    for k in 1...6 {
      for n in 0...150 {
        #expect(
          KBoundedOptimum.buildCount(componentMax: k, flushCount: n) == table[k][n],
          "k = \(k), n = \(n)")
      }
    }
  }

  @Test(arguments: [
    (2, [2, 17, 147, 1255, 10_447, 85_407]), (4, [2, 12, 78, 522, 3330, 20_449]),
    (10, [2, 8, 54, 309, 1688, 8880]),
  ])
  func publishedValues(k: Int, expected: [Int]) {
    let found = [2, 8, 32, 128, 512, 2048].map {
      KBoundedOptimum.buildCount(componentMax: k, flushCount: $0)
    }
    #expect(found == expected)
  }

  /// At n = C(d+k, k) - 1 the optimum is k·C(d+k, k+1).
  @Test(arguments: 1...8)
  func binomialPoints(k: Int) {
    for d in 1...8 {
      let optimum = KBoundedOptimum.buildCount(
        componentMax: k, flushCount: binomial(d + k, k) - 1)
      #expect(optimum == k * binomial(d + k, k + 1))
    }
  }

  @Test func extremes() {
    #expect(KBoundedOptimum.buildCount(componentMax: 1, flushCount: 0) == 0)
    // One component: every flush rewrites all before it.
    #expect(KBoundedOptimum.buildCount(componentMax: 1, flushCount: 1000) == 500_500)
    // As many components as flushes: nothing has to be merged.
    #expect(KBoundedOptimum.buildCount(componentMax: 1 << 31, flushCount: 1 << 31) == 1 << 31)
    #expect(KBoundedOptimum.buildCount(componentMax: 50, flushCount: 1 << 31) > 1 << 31)
  }

  /// No policy of the catalogue beats it.
  @Test(
    arguments: PolicyCatalogue.shipped.entries.map(\.name) + ["full:k=3", "clickhouse:plain=true"])
  func noPolicyIsBelow(spec: String) throws {
    let policy = try PolicyCatalogue.shipped.policy(spec).policy
    for flushCount in [1, 5, 17, 64, 200] {
      let run = try CanonicalModel().run(policy, flushCount: flushCount)
      #expect(run.optimalityGap >= 1, "\(flushCount) flushes")
    }
  }
}
