import CompactionPolicies
import PolicyLab
import StorageBase
import TabletModel
import Testing

private func policy(_ spec: String) throws -> any CompactionPolicy {
  try PolicyCatalogue.shipped.policy(spec).policy
}

@Suite struct AdaptiveTests {
  /// One load a second of 1 MiB, which takes 5 ms to merge.
  private func model(queriesPerSecond: Double, mergeSeconds: Double) -> TimedModel {
    var model = TimedModel()
    model.arrivals = .constant(perSecond: 1)
    model.queries = .constant(perSecond: queriesPerSecond)
    model.costs.secondsPerMerge = mergeSeconds
    model.costs.secondsPerQuery = 0
    model.costs.secondsPerComponent = 0.0005
    return model
  }

  /// Costs of merging and reading together are close to the least for loads known beforehand,
  /// whatever one costs beside the other.
  @Test(arguments: [0.1, 1, 10, 50], [0.0, 0.05])
  func isCloseToTheOptimum(queriesPerSecond: Double, mergeSeconds: Double) throws {
    let model = model(queriesPerSecond: queriesPerSecond, mergeSeconds: mergeSeconds)
    let run = try model.run(policy("adaptive:max_rowsets=1000"), loadCount: 240)
    let loads = [OfflineLoad](
      repeating: OfflineLoad(byteCount: 1 << 20, queryCount: queriesPerSecond), count: 240)
    let perByte = 1 / model.costs.processorBytesPerSecond
    let plan = try OfflineOptimum.plan(
      loads, costs: OfflineCosts(perByteWritten: perByte, perComponentRead: 0.0005))
    // The optimum pays for loads and not for beginning a merge: both are put right.
    let least =
      plan.cost - 240 * Double(1 << 20) * perByte + mergeSeconds * Double(plan.mergeCount)
    #expect(run.costSeconds < 1.5 * least)
    if mergeSeconds == 0 { #expect(run.costSeconds > 0.95 * least) }
  }

  /// It cannot do without either half of what it knows: policies that always and never merge are
  /// each the better one somewhere.
  @Test func isNeverMuchWorseThanTheExtremes() throws {
    for queriesPerSecond in [0.01, 1, 100] {
      let model = model(queriesPerSecond: queriesPerSecond, mergeSeconds: 0.01)
      let costs = try ["adaptive:max_rowsets=200", "none", "full:k=1", "tiered:t=4"].map {
        try model.run(policy($0), loadCount: 200).costSeconds
      }
      #expect(costs[0] <= 1.05 * (costs.dropFirst().min() ?? 0), "\(queriesPerSecond)")
    }
  }

  /// Queries that come later change what it does from then on.
  @Test func noticesAChange() throws {
    var model = model(queriesPerSecond: 0, mergeSeconds: 0.01)
    model.queries = .shift(perSecond: 0.01, thenPerSecond: 200, atSeconds: 120)
    var components: [Int] = []
    let observer = TimedObserver(sampleSeconds: 30) { components.append($0.componentMax) }
    _ = try model.run(policy("adaptive"), loadCount: 240, observer: observer)
    #expect(components.count >= 8)
    #expect(components[2] > 50 && components[7] < 10, "\(components)")
  }

  /// A limit of versions below its own one must not stop a tablet that nobody reads.
  @Test func loadsAreNotRefusedForLackOfQueries() throws {
    var model = model(queriesPerSecond: 0, mergeSeconds: 0)
    model.arrivals = .closed
    model.sizes = .constant(byteCount: 1 << 10)
    for backPressure in [BackPressure.hard, .smooth(SmoothSlowing())] {
      model.backPressure = backPressure
      model.versionLimit = 24
      let run = try model.run(policy("adaptive"), loadCount: 300)
      #expect(run.loadCount == 300 && run.rejectedCount == 0)
    }
  }

  @Test func theLimitOfRowsetsHoldsWithoutQueries() throws {
    var model = model(queriesPerSecond: 0, mergeSeconds: 0)
    model.sizes = .constant(byteCount: 1 << 10)
    let run = try model.run(policy("adaptive:max_rowsets=20"), loadCount: 800)
    #expect(run.components.max <= 21)
    // An even stack of twenty is rewritten a few times, not with every load.
    #expect(run.writeAmplification < 8)
  }
}
