import CompactionPolicies
import PolicyLab
import StorageBase
import TabletModel
import Testing

private func policy(_ spec: String) throws -> any CompactionPolicy {
  try PolicyCatalogue.shipped.policy(spec).policy
}

@Suite struct TimedModelTests {
  /// Where nothing takes time it is the canonical model, for all policies that do not go by what
  /// things take.
  @Test(arguments: PolicyCatalogue.shipped.entries.map(\.name).filter { $0 != "adaptive" })
  func withoutCostsItIsTheCanonicalModel(spec: String) throws {
    var model = TimedModel()
    model.costs = .free
    model.arrivals = .constant(perSecond: 1000)
    model.backPressure = .none
    model.keysModel = .unique
    let timed = try model.run(policy(spec), loadCount: 700)
    let canonical = try CanonicalModel().run(policy(spec), flushCount: 700)
    #expect(
      timed.mergeWrittenByteCount + timed.quiesceWrittenByteCount == canonical.mergeByteCount)
    #expect(timed.debtByteCount == timed.quiesceWrittenByteCount)
    #expect(timed.loadCount == 700 && timed.rejectedCount == 0 && timed.stallCount == 0)
    #expect(timed.loadSeconds.max == 0 && timed.quiesceSeconds == 0)
    // A settled stack lasts from its load to the next: the mean but for the last one.
    let settled = (canonical.settledMean * 700 - Double(canonical.settledFinal)) / 699
    let components = timed.components.mean * 700 / 699
    #expect(abs(components - settled) < 0.01 * settled)
  }

  /// When merges of all there is become visible, of loads at 0, 0.25 and so on until 2.
  private func mergeTimes(_ change: (inout TimedModel) -> Void) throws -> [Double] {
    var model = TimedModel()
    model.costs = .free
    model.arrivals = .trace((0...8).map { Double($0) / 4 })
    model.backPressure = .none
    model.scheduler = SchedulingRules(cumulativeSlotCount: 1)
    change(&model)
    var times: [Double] = []
    let run = try model.run(
      policy("full:k=1"), loadCount: 9,
      observer: TimedObserver(sampleSeconds: .infinity, onMerge: { times.append($0.endSeconds) }))
    #expect(run.loadCount == 9)
    return times.map { ($0 * 1000).rounded() / 1000 }
  }

  @Test func outputsAreReadBeforeTheirSlotIsFree() throws {
    #expect(try mergeTimes { _ in } == (1...8).map { Double($0) / 4 })
    #expect(try mergeTimes { $0.costs.secondsAfterMerge = 1 } == [0.25, 1.25, 2.25])
  }

  /// Loads that come while a scheduler rests are looked at when it has rested; the end of a merge
  /// ends a rest.
  @Test func loadsWaitForTheEndOfARest() throws {
    #expect(try mergeTimes { $0.restSeconds = 1 } == [1, 2])
    #expect(try mergeTimes { $0.restSeconds = 0.6 } == [0.6, 1.2, 1.8, 2.4])
  }

  /// N = b^L equal parts, merged b at a time by one worker that needs as many seconds as there are
  /// parts in a merge: the integral of their number over time is known.
  @Test(arguments: [
    (2, 16, 4, 392.0), (3, 27, 3, 783), (4, 64, 3, 3648), (5, 125, 3, 12_375), (10, 100, 2, 6950),
  ])
  func integralOfParts(b: Int, count: Int, levels: Int, integral: Double) throws {
    var model = TimedModel()
    model.costs = .free
    model.costs.readBytesPerSecond = 1
    model.arrivals = .trace(
      // The last one comes when all is over, so that loads last as long as merges.
      [Double](repeating: 0, count: count) + [Double(count * levels)])
    model.sizes = .constant(byteCount: 1)
    model.backPressure = .none
    model.writerCount = count
    model.scheduler = SchedulingRules(cumulativeSlotCount: 1)
    let run = try model.run(
      policy("unified:w=\(b - 2),max_rowsets=\(b),unit_kib=0"), loadCount: count + 1)
    #expect(run.seconds == Double(count * levels))
    #expect(run.mergeWrittenByteCount == count * levels)
    #expect(abs(run.components.mean * run.seconds - integral) < 1e-6)
  }

  /// One writer and random arrivals make an M/D/1 queue, whose mean wait is known.
  @Test(arguments: [0.5, 0.8]) func waitingForAWriter(load: Double) throws {
    var model = TimedModel()
    model.costs = .free
    model.costs.secondsPerLoad = 0.01
    model.arrivals = .poisson(perSecond: 100 * load)
    model.backPressure = .none
    model.writerCount = 1
    let run = try model.run(policy("constant:k=1"), loadCount: 60_000)
    let expected = 0.01 + 0.01 * load / (2 * (1 - load))
    #expect(abs(run.loadSeconds.mean / expected - 1) < 0.05)
    #expect(abs(run.seconds * 100 * load / 60_000 - 1) < 0.02)
  }

  /// Two merges that need the whole bandwidth: shared fairly both take the time of both, greedily
  /// the smaller one takes its own.
  @Test(arguments: [
    (SchedulingRules.Sharing.fair, [2.0, 4.0]), (.greedy, [1.0, 4.0]),
  ])
  func sharing(sharing: SchedulingRules.Sharing, ends: [Double]) throws {
    var model = TimedModel()
    model.costs = .free
    model.costs.readBytesPerSecond = 10
    model.costs.bandwidth = 20
    model.scheduler = SchedulingRules(sharing: sharing, cumulativeSlotCount: 2)
    model.backPressure = .none
    model.tabletCount = 2
    model.writerCount = 4
    // Tablet 0 merges 5 and 5 bytes, tablet 1 merges 15 and 15: 1 and 3 seconds on their own.
    model.sizes = .trace([5, 15, 5, 15, 1, 1])
    for (last, expected) in zip(ends, [3, 2]) {
      // Just before a merge ends its inputs are still there, just after they are not.
      for (offset, components) in [(-0.01, expected + 1), (0.01, expected)] {
        model.arrivals = .trace([0, 0, 0, 0, last + offset])
        let run = try model.run(policy("constant:k=1"), loadCount: 5)
        #expect(run.componentFinal - 1 == components, "\(sharing) at \(last + offset)")
      }
    }
  }

  /// Without compaction versions pile up: a hard limit refuses what is beyond it, a smooth one
  /// slows loads down before.
  @Test func backPressure() throws {
    var model = TimedModel()
    model.versionLimit = 100
    model.arrivals = .constant(perSecond: 50)
    model.backPressure = .hard
    let hard = try model.run(policy("none"), loadCount: 1000)
    #expect(hard.versionMax <= 100 + model.writerCount)
    #expect(hard.loadCount + hard.rejectedCount == 1000 && hard.rejectedCount >= 896)
    #expect(hard.stallCount == 0)

    model.backPressure = .smooth(SmoothSlowing())
    let smooth = try model.run(policy("none"), loadCount: 200)
    #expect(smooth.stallCount > 0 && smooth.stallLongestSeconds <= 10.000001)
    #expect(smooth.versionMax <= 100 + model.writerCount)

    model.backPressure = .none
    let none = try model.run(policy("none"), loadCount: 1000)
    #expect(none.versionMax == 1001 && none.rejectedCount == 0 && none.stallCount == 0)
  }

  /// Slow merges, several at a time, all kinds of loads, several tablets: every policy keeps its
  /// contract and comes to rest, with less written than a merge of everything for each load.
  @Test(arguments: PolicyCatalogue.shipped.entries.map(\.name), [1, 2] as [UInt64])
  func anyPolicyUnderPressure(spec: String, seed: UInt64) throws {
    var model = TimedModel()
    model.arrivals = .bursty(perSecond: 40, onSeconds: 5, offSeconds: 5)
    model.sizes = .logNormal(medianByteCount: 1 << 20, sigma: 2)
    model.overlap = .uniform(spaceByteCount: 4 << 30)
    model.tabletCount = 3
    model.costs.bandwidth = 300 * Double(1 << 20)
    model.scheduler = SchedulingRules(
      sharing: seed == 1 ? .fair : .greedy, cumulativeSlotCount: 3, baseSlotCount: 2)
    model.seed = seed
    let run = try model.run(policy(spec), loadCount: 600)
    #expect(run.loadCount + run.rejectedCount == 600)
    #expect(run.mergeWrittenByteCount <= run.mergeReadByteCount)
    #expect(run.spaceAmplification >= 1 && run.peakByteCount > 0)
    #expect(run.components.max <= 601)
    #expect(try model.run(policy(spec), loadCount: 600) == run)
    model.seed += 10
    #expect(try model.run(policy(spec), loadCount: 600) != run)
  }

  /// Samples cut the run into intervals that add up to it, and every merge is told.
  @Test func observers() throws {
    var model = TimedModel()
    model.tabletCount = 2
    model.sizes = .mixed(smallByteCount: 1 << 16, largeByteCount: 8 << 20, largeShare: 0.1)
    model.costs.bandwidth = 50 * Double(1 << 20)
    var samples: [TimedSample] = []
    var merges: [TimedMerge] = []
    let observer = TimedObserver(
      sampleSeconds: 2.5, onSample: { samples.append($0) }, onMerge: { merges.append($0) })
    let run = try model.run(policy("tiered"), loadCount: 1000, observer: observer)
    #expect(try model.run(policy("tiered"), loadCount: 1000) == run)
    #expect(samples.map(\.loadCount).reduce(0, +) == 1000)
    #expect(samples.map(\.loadedByteCount).reduce(0, +) == run.loadedByteCount)
    #expect(samples.map(\.mergeWrittenByteCount).reduce(0, +) == run.mergeWrittenByteCount)
    #expect(abs(samples.map(\.intervalSeconds).reduce(0, +) - run.seconds) < 1e-9)
    #expect(samples.dropLast().allSatisfy { abs($0.intervalSeconds - 2.5) < 1e-9 })
    #expect(samples.last?.debtByteCount == run.debtByteCount)
    #expect(samples.last?.componentMean == Double(run.componentFinal) / 2)
    let during = merges.filter { $0.endSeconds <= run.seconds }
    #expect(during.map(\.outputByteCount).reduce(0, +) == run.mergeWrittenByteCount)
    #expect(merges.allSatisfy { $0.startSeconds < $0.endSeconds && !$0.reason.isEmpty })
    #expect(merges.allSatisfy { $0.inputCount > 1 && $0.outputByteCount == $0.inputByteCount })
  }

  /// In a closed system writers are always busy: what they load follows from their number.
  @Test func closedSystems() throws {
    var model = TimedModel()
    model.costs = .free
    model.costs.secondsPerLoad = 0.5
    model.arrivals = .closed
    model.backPressure = .none
    model.writerCount = 4
    let run = try model.run(policy("tiered"), loadCount: 400)
    #expect(abs(run.seconds - 50) < 1e-6)
    #expect(abs(run.loadSeconds.mean - 0.5) < 0.01)
  }
}
