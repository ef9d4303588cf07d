import CompactionPolicies
import StorageBase
import TabletModel
import Testing

@testable import PolicyLab

@Suite struct TwoPhaseTests {
  private func policy(_ spec: String) throws -> any CompactionPolicy {
    try PolicyCatalogue.shipped.policy(spec).policy
  }

  /// Samples of a system that deals with `doneShare` of what is due, evenly.
  private func samples(_ doneShare: Double, perSecond: Double, count: Int) -> [Backlog.Sample] {
    (1...count).map { second in
      Backlog.Sample(
        seconds: Double(second), doneCount: Int(Double(second) * perSecond * doneShare))
    }
  }

  @Test func theBacklogGrowsByWhatIsNotDone() {
    for share in [0.5, 0.9, 0.95, 1] {
      let backlog = Backlog(
        samples(share, perSecond: 1000, count: 100), perSecond: 1000, loadCount: 100_000)
      #expect(abs(backlog.growthShare - (1 - share)) < 1e-6)
      #expect(abs(backlog.countMax - 100_000 * (1 - share)) < 1)
    }
    // What comes after the last load was due is no growth, and a start is none either.
    let late = samples(0.9, perSecond: 10, count: 100) + [.init(seconds: 200, doneCount: 0)]
    #expect(abs(Backlog(late, perSecond: 10, loadCount: 1000).growthShare - 0.1) < 0.01)
    let start = (1...100).map { second in
      Backlog.Sample(seconds: Double(second), doneCount: max(0, second - 30) * 10)
    }
    #expect(Backlog(start, perSecond: 10, loadCount: 1000).growthShare.magnitude < 1e-9)
    #expect(Backlog([], perSecond: 10, loadCount: 0).countMax == 0)
  }

  @Test func verdicts() {
    let steady = Backlog(samples(1, perSecond: 10, count: 50), perSecond: 10, loadCount: 500)
    let behind = Backlog(samples(0.9, perSecond: 10, count: 50), perSecond: 10, loadCount: 500)
    func verdict(_ backlog: Backlog, _ refused: Int, _ latency: Double) -> SustainVerdict {
      SustainVerdict(
        backlog, refusedCount: refused, latencySeconds: latency, latencyMaxSeconds: 1)
    }
    #expect(verdict(steady, 0, 0.5) == .stable)
    #expect(verdict(steady, 0, 1.5) == .slow)
    #expect(verdict(behind, 0, 0.5) == .fallsBehind)
    #expect(verdict(behind, 1, 0.5) == .refuses)
  }

  /// Where merges take no time, writers alone bound the rate: four of them, each 5 ms a load and
  /// 5 ms for its MiB.
  @Test func theMaximumIsThatOfTheWritersIfMergesAreFree() throws {
    var model = TimedModel()
    model.costs = .free
    model.costs.secondsPerLoad = 0.005
    model.costs.loadBytesPerSecond = 200 * Double(1 << 20)
    let result = try TwoPhaseProtocol(model, loadCount: 2000).run(policy("tiered"))
    #expect(abs(result.ratePerSecond - 400) < 4)
    let running = try #require(result.running)
    #expect(running.verdict == .stable)
    #expect(abs(running.offeredPerSecond / result.ratePerSecond - 0.95) < 1e-9)
    #expect(abs(running.run.seconds - 2000 / running.offeredPerSecond) < 1)
    #expect(running.run.loadSeconds.max < 0.02)
  }

  @Test func moreThanTheMaximumCannotBeKeptUp() throws {
    var model = TimedModel()
    model.backPressure = .hard
    model.costs.bandwidth = 200 * Double(1 << 20)
    for spec in ["tiered", "leveled", "gradient"] {
      var phases = TwoPhaseProtocol(model, loadCount: 3000)
      phases.rateShare = 1.3
      let result = try phases.run(policy(spec))
      #expect(result.running?.verdict != .stable, "\(spec)")
      #expect(try phases.run(policy(spec)).ratePerSecond == result.ratePerSecond)
    }
  }

  @Test func thePhasesCanBeEnded() {
    struct Enough: Error {}
    #expect(throws: Enough.self) {
      try TwoPhaseProtocol(TimedModel(), loadCount: 500)
        .run(policy("tiered"), keepGoing: { throw Enough() })
    }
  }
}
