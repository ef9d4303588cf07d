import StorageBase
import Testing

@testable import PolicyLab

@Suite struct SweepGridTests {
  private func grid() -> SweepGrid {
    var grid = SweepGrid()
    grid.policies = ["gradient", "tiered:t=4", "tiered"]
    var workload = SweepWorkload(name: "a")
    workload.loadCounts = [10, 20]
    grid.workloads = [workload, SweepWorkload(name: "b")]
    grid.schedulers = ["fair", "greedy", "fair:cumulative=2"]
    grid.seeds = [3, 1]
    return grid
  }

  @Test func thePointsAreAllCombinationsOnceInTheOrderOfTheLists() throws {
    let points = try grid().points()
    // tiered has t=4 unless told, so that two of the policies are one.
    #expect(points.count == (2 + 1) * 2 * 2 * 2)
    #expect(Set(points).count == points.count)
    #expect(points.map(\.seed).prefix(3) == [3, 1, 3])
    #expect(
      points.map(\.policy).prefix(5) == ["gradient", "gradient", "tiered", "tiered", "gradient"])
    #expect(points.map(\.scheduler).prefix(5) == ["fair", "fair", "fair", "fair", "greedy"])
    #expect(points.map(\.loadCount).filter { $0 == 20 }.count == 8)
    #expect(points.map(\.workload) == points.map(\.workload).sorted())
    #expect(try grid().points() == points)
  }

  @Test func everyCombinationIsThere() throws {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<50 {
      var grid = SweepGrid()
      let all = ["none", "full", "gradient", "leveled", "binomial"]
      grid.policies = Array(all.shuffled(using: &random).prefix(1 + Int(random.next() % 4)))
      grid.seeds = (0...random.next() % 4).map { $0 }
      grid.versionLimits = (0...Int(random.next() % 3)).map { 100 + $0 }
      var workload = SweepWorkload(name: "w")
      workload.tabletCounts = (0...Int(random.next() % 3)).map { 1 + $0 }
      grid.workloads = [workload]
      let points = Set(try grid.points())
      for policy in grid.policies {
        for seed in grid.seeds {
          for limit in grid.versionLimits {
            for tabletCount in workload.tabletCounts {
              #expect(
                points.contains {
                  $0.policy == policy && $0.seed == seed && $0.versionLimit == limit
                    && $0.tabletCount == tabletCount
                })
            }
          }
        }
      }
      #expect(
        points.count == grid.policies.count * grid.seeds.count * grid.versionLimits.count
          * workload.tabletCounts.count)
    }
  }

  @Test func whatMakesNoSenseIsRefusedBeforeAnythingRuns() {
    var unknown = grid()
    unknown.policies.append("gradent")
    #expect(throws: StorageError.self) { try unknown.points() }
    var flushes = grid()
    flushes.model = .flushes
    flushes.workloads[1].sizes = ["log-normal"]
    #expect(throws: StorageError.self) { try flushes.points() }
    var endless = grid()
    endless.seeds = Array(0..<200_000)
    #expect(throws: StorageError.self) { try endless.points() }
    endless.versionLimits = Array(2..<3_000_000)
    #expect(throws: StorageError.self) { try endless.points() }
  }

  @Test func whatTheEngineCannotDoIsRefused() throws {
    var point = SweepPoint()
    point.mode = .engine
    try point.validate()
    let changes: [(inout SweepPoint) -> Void] = [
      { $0.model = .flushes }, { $0.writerCount = 1000 }, { $0.tabletCount = 1000 },
      { $0.overlapMebibytes = 1 },
      {
        $0.keys = "unique"
        $0.overlapMebibytes = 1 << 20
      },
    ]
    for change in changes {
      var wrong = point
      change(&wrong)
      #expect(throws: StorageError.self) { try wrong.validate() }
      wrong.mode = .simulated
      try wrong.validate()
    }
  }

  @Test func aPointRunsAsItsModelDoes() throws {
    var point = SweepPoint()
    point.policy = "tiered"
    point.loadCount = 300
    guard case .timed(let model, let run) = try point.run().outcome else {
      Issue.record("not a timed run")
      return
    }
    #expect(run.loadCount == 300)
    #expect(model == TimedModel())
    point.model = .flushes
    point.keys = "unique"
    guard case .flushes(let exact, _) = try point.run().outcome else {
      Issue.record("not an exact run")
      return
    }
    #expect(exact.flushCount == 300 && exact.loadByteCount == 1 << 20)
  }

  @Test(arguments: SweepPoint.Model.allCases) func aRunCanBeEnded(model: SweepPoint.Model) {
    struct Enough: Error {}
    var point = SweepPoint()
    point.model = model
    #expect(throws: Enough.self) { try point.run(keepGoing: { throw Enough() }) }
  }
}
