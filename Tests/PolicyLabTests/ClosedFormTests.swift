import CompactionPolicies
import PolicyLab
import TabletModel
import Testing

/// Bytes that merges write after n equal loads, in units of a load, where theory has a formula.
struct ClosedForm: Sendable, CustomTestStringConvertible {
  var spec: String
  var mergeCount: @Sendable (Int) -> Int
  var testDescription: String { spec }

  /// Sum over i >= 1 of t^i · (n // t^i): each level is written once by each of its rowsets.
  static func tiered(_ t: Int, _ spec: String) -> ClosedForm {
    ClosedForm(spec: spec) { n in powers(of: t, upTo: n).reduce(0) { $0 + $1 * (n / $1) } }
  }

  /// On each level groups of t arrivals: the k-th rewrites k, the first none.
  static func leveled(_ t: Int, _ spec: String) -> ClosedForm {
    ClosedForm(spec: spec) { n in
      ([1] + powers(of: t, upTo: n)).reduce(0) { sum, power in
        let (groups, rest) = (n / power).quotientAndRemainder(dividingBy: t)
        let last = rest > 0 ? rest * (rest + 1) / 2 - 1 : 0
        return sum + power * (groups * (t * (t + 1) / 2 - 1) + last)
      }
    }
  }

  /// A load whose number is divisible by b^i, and no higher power, is merged into one of b^i.
  static func collapsed(_ b: Int, _ spec: String) -> ClosedForm {
    ClosedForm(spec: spec) { n in
      powers(of: b, upTo: n).reduce(0) { $0 + $1 * (n / $1 - n / ($1 * b)) }
    }
  }

  /// M = (n-1) // k merges of everything, k loads apart.
  static func constant(_ k: Int, _ spec: String) -> ClosedForm {
    ClosedForm(spec: spec) { n in
      let merges = (n - 1) / k
      return k * merges * (merges + 1) / 2 + merges
    }
  }

  private static func powers(of base: Int, upTo limit: Int) -> [Int] {
    Array(sequence(first: base) { $0 * base }.prefix { $0 <= limit })
  }
}

private let closedForms: [ClosedForm] =
  [2, 3, 4, 5, 10].flatMap { t -> [ClosedForm] in
    [
      .tiered(t, "tiered:t=\(t)"), .tiered(t, "fluid:t=\(t),k=\(t - 1),z=\(t - 1)"),
      .tiered(t, "unified:w=\(t - 2)"),
      .leveled(t, "leveled:t=\(t)"), .leveled(t, "fluid:t=\(t),k=1,z=1"),
      .leveled(t, "unified:w=\(2 - t)"),
      .collapsed(t, "collapsed:b=\(t)"), .collapsed(t, "tiered:t=\(t),collapse=true"),
    ]
  } + [
    .tiered(4, "size-tiered:min_sstable_mib=0"),
    // With a base of 2 the selector would take three parts of 2, 1 and 1 at once.
    .tiered(3, "clickhouse:plain=true,base=3"), .tiered(5, "clickhouse:plain=true"),
    .tiered(10, "clickhouse:plain=true,base=10"),
    .collapsed(4, "size-tiered:min_sstable_mib=0,collapse=true"),
    .constant(1, "constant:k=1"), .constant(4, "constant:k=4"), .constant(7, "constant:k=7"),
    .constant(1, "full"), .constant(4, "full:k=4"),
    ClosedForm(spec: "time-series:goal_mib=16") { 16 * ($0 / 16) },
    ClosedForm(spec: "time-series:goal_mib=3") { 3 * ($0 / 3) },
    ClosedForm(spec: "time-series:goal_mib=16,levels=2") { 16 * ($0 / 16) + 32 * ($0 / 32) },
    ClosedForm(spec: "none") { _ in 0 },
  ]

@Suite struct ClosedFormTests {
  /// To the byte after each of 4096 loads. Loads of 1 MiB are what time-series counts in; the
  /// others must not depend on a unit.
  @Test(arguments: closedForms)
  func mergedBytes(form: ClosedForm) throws {
    let policy = try PolicyCatalogue.shipped.policy(form.spec).policy
    let units = form.spec.hasPrefix("time-series") ? [1 << 20] : [1 << 20, 777]
    for loadByteCount in units {
      _ = try CanonicalModel(loadByteCount: loadByteCount).run(
        policy, flushCount: loadByteCount == 777 ? 600 : 4096
      ) { run, _ in
        let expected = form.mergeCount(run.flushCount) * loadByteCount
        // One message is enough.
        try #require(run.mergeByteCount == expected, "after \(run.flushCount) loads")
        #expect(run.totalByteCount == expected + run.flushCount * loadByteCount)
      }
    }
  }

  /// The components of tiering are the digits of n to base t; at n = t^e their greatest number is
  /// e·(t-1) and their mean e·(t-1)/2 + 1/n. A collapsed counter has the same.
  @Test(arguments: [("tiered:t=", 2), ("tiered:t=", 4), ("collapsed:b=", 2), ("collapsed:b=", 4)])
  func componentsOfTiering(name: String, t: Int) throws {
    let policy = try PolicyCatalogue.shipped.policy(name + "\(t)").policy
    var power = t
    var exponent = 1
    _ = try CanonicalModel(loadByteCount: 1).run(policy, flushCount: 4096) { run, tablet in
      let n = run.flushCount
      var digitSum = 0
      var rest = n
      while rest > 0 {
        digitSum += rest % t
        rest /= t
      }
      #expect(tablet.componentCount == digitSum)
      guard n == power else { return }
      #expect(run.settledMax == exponent * (t - 1))
      #expect(
        abs(run.settledMean - (Double(exponent * (t - 1)) / 2 + 1 / Double(n))) < 1e-9)
      power *= t
      exponent += 1
    }
  }

  /// Leveling has a rowset on each of its levels at most.
  @Test(arguments: [2, 4, 10]) func componentsOfLeveling(t: Int) throws {
    let policy = try PolicyCatalogue.shipped.policy("leveled:t=\(t)").policy
    _ = try CanonicalModel(loadByteCount: 3).run(policy, flushCount: 4096) { run, tablet in
      let levels = sequence(first: run.flushCount) { $0 >= t ? $0 / t : nil }
      #expect(tablet.componentCount == levels.count { $0 % t > 0 })
    }
  }

  /// MinLatency meets the optimum at n = C(d+k, k) - 1, where it is k·C(d+k, k+1), and is never
  /// above k.
  @Test(arguments: 1...6) func minLatencyMeetsTheOptimum(k: Int) throws {
    let policy = try PolicyCatalogue.shipped.policy("min-latency:k=\(k)").policy
    var depth = 1
    _ = try CanonicalModel(loadByteCount: 1).run(policy, flushCount: k == 1 ? 300 : 4096) {
      run, _ in
      #expect(run.settledMax <= k)
      guard run.flushCount == binomial(depth + k, k) - 1 else { return }
      #expect(run.buildByteCount == k * binomial(depth + k, k + 1), "\(run.flushCount) loads")
      depth += 1
    }
    #expect(depth > 3)
  }

  /// At n = T(d) with d >= k, Binomial exceeds the optimum by a constant.
  @Test(arguments: [(2, 0), (3, 1), (4, 7), (5, 35)])
  func binomialIsAConstantAbove(k: Int, excess: Int) throws {
    let policy = try PolicyCatalogue.shipped.policy("binomial:k=\(k)").policy
    var depth = 1
    var end = 1
    _ = try CanonicalModel(loadByteCount: 1).run(policy, flushCount: 4096) { run, _ in
      #expect(run.settledMax <= k)
      guard run.flushCount == end else { return }
      if depth >= k {
        let optimum = KBoundedOptimum.buildCount(componentMax: k, flushCount: end)
        #expect(run.buildByteCount == optimum + excess, "\(end) loads")
      }
      depth += 1
      end += binomial(depth + min(depth, k) - 1, depth)
    }
    #expect(depth > 6)
  }

  /// The first stacks of both, as published with them.
  @Test(arguments: [
    (
      "min-latency:k=3",
      "1|1 1|1 1 1|4|4 1|4 1 1|4 3|4 3 1|4 3 2|10|10 1|10 1 1|10 3"
    ),
    (
      "binomial:k=3",
      "1|2|2 1|2 2|5|5 1|5 1 1|5 3|5 3 1|5 3 2|5 6|5 6 1|5 6 2|5 6 3"
    ),
  ])
  func firstStacks(spec: String, expected: String) throws {
    let policy = try PolicyCatalogue.shipped.policy(spec).policy
    let stacks = expected.split(separator: "|").map {
      $0.split(separator: " ").compactMap { Int($0) }
    }
    #expect(
      try CanonicalModel(loadByteCount: 1).trace(policy, flushCount: stacks.count) == stacks)
  }

  /// On equal loads the concurrent policy makes the choices of the exploring one.
  @Test func concurrentChoosesAsExploring() throws {
    let catalogue = PolicyCatalogue.shipped
    let model = CanonicalModel(loadByteCount: 1)
    #expect(
      try model.trace(catalogue.policy("concurrent").policy, flushCount: 4096)
        == model.trace(catalogue.policy("exploring").policy, flushCount: 4096))
  }
}

private func binomial(_ n: Int, _ k: Int) -> Int {
  (0..<min(k, n - k)).reduce(1) { $0 * (n - $1) / ($1 + 1) }
}
