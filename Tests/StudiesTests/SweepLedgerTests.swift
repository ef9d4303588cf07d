import BenchKit
import PolicyLab
import StorageBase
import Testing

@testable import Studies

@Suite struct SweepLedgerTests {
  private func points(_ yaml: String) throws -> [SweepPoint] {
    try SweepGrid(yaml: yaml, path: "s.yaml").points()
  }

  private func row(_ point: SweepPoint) throws -> SweepRow {
    let (policy, outcome) = try point.run()
    return try SweepRow(point, policy: policy, outcome: outcome, gitRevision: "abc")
  }

  private static let yaml = """
    policies: [gradient, tiered, full]
    workloads:
      steady: {arrivals: constant}
      mixed: {arrivals: poisson, sizes: "mixed:small_kib=1,large_kib=100,share=0.5", tablets: 2}
    schedulers: [fair, "greedy:cumulative=3"]
    costs: bandwidth_mib_s=50,cpu_mib_s=20
    seeds: [1, 2]
    loads: 40
    """

  @Test func theResultDoesNotDependOnTheOrderOrOnInterruptions() throws {
    let points = try points(Self.yaml)
    var whole = SweepLedger()
    var rows: [SweepPoint: SweepRow] = [:]
    for point in points { rows[point] = try row(point) }
    for point in points { whole.take(try #require(rows[point])) }
    let result = whole.result(of: points)
    #expect(result.rows.count == points.count)
    var random = SeededGenerator(seed: 3)
    for _ in 0..<4 {
      let shuffled = points.shuffled(using: &random)
      let cut = Int(random.next() % UInt64(points.count))
      var first = SweepLedger()
      for point in shuffled[..<cut] { first.take(try #require(rows[point])) }
      // The program is killed while it writes the next row.
      var second = SweepLedger()
      let isTaken = second.take(first.text + (try #require(rows[shuffled[cut]]).line.dropLast(9)))
      #expect(isTaken)
      #expect(second.count == cut)
      for point in shuffled where !second.has(point) {
        second.take(try #require(rows[point]))
      }
      #expect(second.result(of: points) == result)
      #expect(second.text == whole.text)
    }
  }

  @Test func aChangeOfTheFileKeepsWhatIsStillAskedFor() throws {
    let before = try points(Self.yaml)
    var ledger = SweepLedger()
    for point in before { ledger.take(try row(point)) }
    let wider = try points(
      Self.yaml.replacing("tiered, full", with: "tiered, leveled").replacing("[1, 2]", with: "1..3")
    )
    let missing = wider.filter { !ledger.has($0) }
    #expect(missing.allSatisfy { $0.policy == "leveled" || $0.seed == 3 })
    #expect(missing.count == 2 * 2 * (2 + 3))
    #expect(ledger.result(of: wider).rows.count == wider.count - missing.count)
    // Each field of a point decides.
    for changed in try points(Self.yaml.replacing("cpu_mib_s=20", with: "cpu_mib_s=21")) {
      #expect(!ledger.has(changed))
    }
  }

  @Test func pointsOfDifferentOutcomeHaveDifferentKeys() throws {
    var point = SweepPoint()
    let original = point.key
    let changes: [(inout SweepPoint) -> Void] = [
      { $0.model = .flushes }, { $0.mode = .engine }, { $0.workload = "x" }, { $0.policy = "x" },
      { $0.arrivals = "x" },
      { $0.sizes = "x" }, { $0.overlapMebibytes = 9 }, { $0.tabletCount = 9 },
      { $0.writerCount = 9 }, { $0.loadCount = 9 }, { $0.keys = "unique" },
      { $0.queries = "9" }, { $0.scheduler = "x" }, { $0.costs = "x" },
      { $0.backPressure = "x" }, { $0.versionLimit = 9 }, { $0.seed = 9 },
    ]
    #expect(changes.count == Mirror(reflecting: point).children.count, "a field without a test")
    for change in changes {
      point = SweepPoint()
      change(&point)
      #expect(point.key != original)
      #expect(point.runID != SweepPoint().runID)
    }
  }

  @Test func theFrontIsMarkedWithinAWorkload() throws {
    let points = try points(Self.yaml)
    var ledger = SweepLedger()
    for point in points { ledger.take(try row(point)) }
    let table = ledger.result(of: points)
    for row in table.rows {
      let rivals = table.rows.filter { other in
        ["workload", "seed", "costs"].allSatisfy {
          table.field($0, of: other) == table.field($0, of: row)
        }
      }
      #expect(rivals.count == 6)
      let measures = SweepLedger.measures.map { name in { table.number(name, of: $0) ?? -1 } }
      let isBeaten = rivals.contains { other in
        measures.allSatisfy { $0(other) <= $0(row) } && measures.contains { $0(other) < $0(row) }
      }
      #expect(table.field("pareto", of: row) == (isBeaten ? "false" : "true"))
    }
    #expect(SweepSummary(table).text.contains("on the Pareto front"))
  }

  /// A run on real files takes no simulated one off the front, however good it is.
  @Test func modesHaveFrontsOfTheirOwn() throws {
    let points = try points(
      "policies: [tiered, leveled]\nmodes: [simulated, engine]\nloads: 40")
    var ledger = SweepLedger()
    for point in points {
      var simulated = point
      simulated.mode = .simulated
      var row = try row(simulated)
      if point.mode == .engine {
        var summary = row.summary
        summary.mode = "engine"
        summary.writeAmplification = 1
        let (peak, stall) = (row.peakBytes, summary.stallLongestSeconds)
        summary.stallLongestSeconds = stall.map { $0 / 2 }
        row = SweepRow(point, summary: summary)
        row.peakBytes = peak.map { $0 / 2 }
      }
      #expect(!ledger.has(point))
      ledger.take(row)
      #expect(ledger.has(point))
    }
    let table = ledger.result(of: points)
    let front = table.rows.filter { table.field("pareto", of: $0) == "true" }
    #expect(Set(front.map { table.field("mode", of: $0) }) == ["simulated", "engine"])
    #expect(SweepSummary(table).text.contains("engine"))
    #expect(Set(table.rows.map { table.field("run_id", of: $0) }).count == 4)
  }

  @Test func rowsOfOtherColumnsAreNotTaken() {
    var ledger = SweepLedger()
    let isTaken = ledger.take("a,b\n1,2\n")
    #expect(!isTaken)
    #expect(ledger.count == 0)
  }
}
