import CompactionPolicies
import PolicyLab
import StorageBase
import TabletModel
import Testing

/// Runs `spec` in the canonical model. Duplicate-key tables leave rowsets of 1 GiB alone in base
/// compaction; published figures are those of tables that rewrite all, so that is turned off for
/// the policies that know it.
private func run(_ spec: String, flushCount: Int, loadByteCount: Int = 1 << 20) throws
  -> CanonicalRun
{
  let policy = try PolicyCatalogue.shipped.policy(spec).policy
  return try CanonicalModel(loadByteCount: loadByteCount).run(policy, flushCount: flushCount)
}

private let gradient = "gradient"
private let numBased = "num-based"

@Suite struct CanonicalModelTests {
  /// `full:k=4` after the loads of the published table: it is the policy constant:k=4 there.
  @Test func publishedTotalsOfFull() throws {
    let cells = [
      (2, 2, 1.5), (13, 4, 2.5), (151, 4, 2.5), (2143, 4, 2.5), (33_151, 4, 2.5),
      (525_823, 4, 2.5),
    ]
    for (flushCount, expected) in zip([2, 8, 32, 128, 512, 2048], cells) {
      let run = try run("full:k=4", flushCount: flushCount)
      #expect(run.totalByteCount == expected.0 << 20, "\(flushCount) flushes")
      #expect(run.settledMax == expected.1, "\(flushCount) flushes")
      #expect((run.settledMean * 1000).rounded() / 1000 == expected.2, "\(flushCount) flushes")
    }
  }

  /// Constant(k): M = (n-1)/k merges that write k·M(M+1)/2 + M; with k = 1, n(n+1)/2 - 1.
  @Test(arguments: 1...5)
  func constantClosedForm(k: Int) throws {
    for flushCount in 1...60 {
      let run = try run("full:k=\(k)", flushCount: flushCount, loadByteCount: 7)
      let merges = (flushCount - 1) / k
      #expect(run.mergeCount == merges)
      #expect(run.mergeByteCount == 7 * (k * merges * (merges + 1) / 2 + merges))
      #expect(run.settledMax == min(k, flushCount))
      if k == 1 {
        #expect(run.totalByteCount == 7 * (flushCount + flushCount * (flushCount + 1) / 2 - 1))
      }
    }
  }

  /// Gradient grows by about one with every doubling, num-based in proportion to the data.
  @Test(arguments: [
    (gradient, 1, 500, 5.79, 8), (gradient, 1, 2000, 7.80, 11), (gradient, 1, 8000, 9.54, 13),
    (numBased, 1, 500, 12.7, 9), (numBased, 1, 2000, 42.5, 9), (numBased, 1, 8000, 162.5, 9),
    // The cliff: beyond a base of 20 GiB the promotion size is capped.
    (gradient, 64, 500, 7.3, 9), (gradient, 64, 2000, 16.1, 9), (gradient, 64, 8000, 53.4, 9),
  ])
  func publishedAmplification(
    spec: String, loadMebibytes: Int, flushCount: Int, amplification: Double, settledMax: Int
  ) throws {
    let run = try run(spec, flushCount: flushCount, loadByteCount: loadMebibytes << 20)
    #expect(abs(run.writeAmplification - amplification) <= 0.051)
    #expect(run.settledMax == settledMax)
  }

  /// 10 000 loads of 3 KiB: the ladder that reaches down to 1 KiB, and the older one.
  @Test(arguments: [
    ("gradient", 6.5, 13, 2369),
    ("gradient:level_floor_kib=65536,promotion_min_size_mbytes=64", 1250, 5, 2499),
  ])
  func tinyLoads(spec: String, rewritten: Double, componentMax: Int, mergeCount: Int) throws {
    let run = try run(spec, flushCount: 10_000, loadByteCount: 3 << 10)
    let perByteLoaded = Double(run.mergeByteCount) / Double(10_000 * 3 << 10)
    #expect(abs(perByteLoaded / rewritten - 1) < 0.01)
    #expect(run.componentMax == componentMax)
    #expect(run.mergeCount == mergeCount)
  }

  @Test func gradientTrace() throws {
    let policy = try PolicyCatalogue.shipped.policy(gradient).policy
    let stacks = try CanonicalModel(loadByteCount: 1 << 20).trace(policy, flushCount: 40)
      .map { $0.map { $0 >> 20 } }
    let expected = [
      1: [1], 2: [1, 1], 3: [1, 1, 1], 4: [1, 1, 1, 1], 5: [5], 9: [9], 14: [9, 5],
      18: [17, 1], 22: [17, 5], 31: [17, 9, 5], 40: [33, 5, 1, 1],
    ]
    for (flush, stack) in expected { #expect(stacks[flush - 1] == stack, "flush \(flush)") }
  }

  @Test func noneWritesEveryByteOnce() throws {
    let run = try run("none", flushCount: 200)
    #expect(run.totalByteCount == 200 << 20 && run.buildByteCount == 200 << 20)
    #expect(run.mergeCount == 0)
    #expect(run.settledMax == 200 && run.settledFinal == 200 && run.componentMax == 200)
    #expect(run.settledMean == 100.5)
    #expect(run.writeAmplification == 1 && run.optimalityGap == 1)
  }

  @Test(arguments: [
    (gradient, 1.83), (numBased, 9.34), ("full:k=4", 25.7), ("binomial:k=4", 1.021),
    ("min-latency:k=4", 1.028), ("exploring", 1.33), ("collapsed:b=2", 1.58),
    ("tiered:t=4", 1.67), ("leveled:t=10", 1.71), ("leveled:t=4", 1.98), ("bigtable:k=4", 2.20),
    ("lazy-leveled:t=4", 2.20), ("tiered:t=2", 2.80), ("universal", 4.18), ("constant:k=4", 25.7),
  ])
  func publishedOptimalityGaps(spec: String, gap: Double) throws {
    let run = try run(spec, flushCount: 2048)
    #expect(abs(run.optimalityGap / gap - 1) < 0.005)
  }

  /// The same run twice, and time as a parameter: with days between flushes the age rule of base
  /// compaction has an effect, with the default interval it has none.
  @Test func runsAreRepeatableAndTimeIsAParameter() throws {
    let policy = try PolicyCatalogue.shipped.policy(gradient).policy
    let frozen = CanonicalModel(loadByteCount: 40 << 20, flushIntervalSeconds: 0)
    let ticking = CanonicalModel(loadByteCount: 40 << 20)
    let slow = CanonicalModel(loadByteCount: 40 << 20, flushIntervalSeconds: 100_000)
    let run = try ticking.run(policy, flushCount: 300)
    #expect(try ticking.run(policy, flushCount: 300) == run)
    #expect(try frozen.run(policy, flushCount: 300) == run)
    #expect(try slow.run(policy, flushCount: 300) != run)
  }
}
