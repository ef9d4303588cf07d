import CompactionPolicies
import PolicyLab
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import bench_main

/// Simulator and engine on the same loads, where merges take no time in either: what is left is
/// what the simulator knows of sizes.
@Suite struct AgreementTests {
  /// Loads of 5 to 3000 rows into a store whose merges are all carried out before the next one.
  private func record(_ spec: String) throws -> CompactionTrace {
    let clock = RecordedStore.clock()
    let executor = SimulatedExecutor(seed: 1)
    let recorded = try RecordedStore(
      PolicyCatalogue.shipped.policy(spec).policy, bucketCount: 2, clock: clock, executor: executor)
    var random = SeededGenerator(seed: 5)
    let source = try recorded.source()
    for _ in 0..<120 {
      clock.advance(bySeconds: 0.25)
      let rowCount = 5 << Int.random(in: 0...9, using: &random)
      if let batch = try source.nextBatch(maxRows: rowCount) {
        try recorded.store.load(batch, into: RecordedStore.table)
      }
      executor.runAll()
    }
    return try recorded.stop()
  }

  private struct Pick: Hashable {
    let kind: CompactionKind
    let versions: VersionRange
  }

  private static let numbersDecide = [
    "num-based:min_deltas=2", "full:k=4", "binomial:k=3", "min-latency:k=4",
    "universal:trigger=3",
  ]
  private static let sizesDecide = ["gradient:min_deltas=3", "tiered:t=3", "exploring:min=2"]

  @Test(arguments: numbersDecide + sizesDecide)
  func onTheSameLoads(spec: String) throws {
    let trace = try record(spec)
    let workload = try TracedWorkload(of: trace)
    var model = TimedModel()
    model.costs = .free
    model.backPressure = .none
    model.scheduler = SchedulingRules(cumulativeSlotCount: 1)
    model.replay(workload)
    model.rowsetSizes = TraceCalibration(of: trace).sizes
    var simulated: [[Pick]] = workload.tablets.map { _ in [] }
    let run = try model.run(
      PolicyCatalogue.shipped.policy(spec).policy, loadCount: workload.loads.count,
      observer: TimedObserver(onMerge: {
        simulated[$0.tablet].append(Pick(kind: $0.pick.kind, versions: $0.pick.versions))
      }))
    let engine = try TracedFigures(of: trace)
    #expect(run.loadedByteCount == engine.loadedByteCount)
    var real: [[Pick]] = workload.tablets.map { _ in [] }
    for case .merge(let tablet, let merge) in trace.events {
      let place = try #require(workload.tablets.firstIndex(of: tablet))
      real[place].append(Pick(kind: merge.kind, versions: merge.output.versions))
    }
    let common = zip(real, simulated).reduce(0) { $0 + Set($1.0).intersection($1.1).count }
    // Where sizes decide, a few hundredths of a size may tip a decision.
    let leastShare = Self.sizesDecide.contains(spec) ? 0.9 : 1
    #expect(Double(common) >= leastShare * Double(engine.mergeCount))
    // Merges that the last load sets off count as those of before.
    let written =
      Double(run.mergeWrittenByteCount + run.quiesceWrittenByteCount)
      / Double(engine.mergeWrittenByteCount)
    let amplification = run.settledWriteAmplification / engine.writeAmplification
    let components = run.components.mean / engine.componentMean
    #expect(abs(written - 1) < 0.02)
    #expect(abs(amplification - 1) < 0.03)
    #expect(abs(components - 1) < 0.05)
  }
}
