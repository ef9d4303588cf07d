import CompactionPolicies
import StorageBase
import TabletModel
import Testing

@testable import PolicyLab

/// What a run in virtual time has, for runs elsewhere: its loads, its queries and its figures.
@Suite struct ModelWorkloadTests {
  private static func model(seed: UInt64) throws -> TimedModel {
    var random = SeededGenerator(seed: seed)
    var model = TimedModel()
    let arrivals = ["constant:per_s=30", "poisson", "bursty:per_s=60,on_s=1,off_s=1", "shift"]
    let sizes = [
      "constant:kib=100", "log-normal:median_kib=50", "mixed:small_kib=1,large_kib=900",
    ]
    model.arrivals = try ArrivalProcess(
      spec: arrivals[Int.random(in: arrivals.indices, using: &random)])
    model.sizes = try LoadSizes(spec: sizes[Int.random(in: sizes.indices, using: &random)])
    model.tabletCount = Int.random(in: 1...3, using: &random)
    model.epoch = Timestamp(rawValue: 1_790_000_000_000_000)
    model.seed = seed
    return model
  }

  /// The trace of a run, its merges of after the last load included.
  private static func traced(
    _ model: TimedModel, _ policy: any CompactionPolicy, loadCount: Int
  ) throws -> (run: TimedRun, trace: CompactionTrace) {
    var events: [TraceEvent] = []
    let run = try model.run(
      policy, loadCount: loadCount,
      observer: TimedObserver(sampleSeconds: .infinity, onTrace: { events.append($0) }))
    return (run, CompactionTrace(origin: TraceOrigin(source: "timed"), events: events))
  }

  @Test(arguments: 1...12) func loadsAreThoseOfTheRun(seed: UInt64) throws {
    var model = try Self.model(seed: seed)
    model.costs = .free
    model.backPressure = .none
    let policy = try PolicyCatalogue.shipped.policy("tiered").policy
    let found = try TracedWorkload(of: Self.traced(model, policy, loadCount: 200).trace)
    let made = TracedWorkload(of: model, loadCount: 200) { $0 / 10 }
    #expect(made.tablets == found.tablets)
    #expect(made.loads.map(\.tablet) == found.loads.map(\.tablet))
    #expect(made.loads.map(\.rowset.byteCount) == found.loads.map(\.rowset.byteCount))
    #expect(made.loads.map(\.rowset.versions) == found.loads.map(\.rowset.versions))
    #expect(made.loads.allSatisfy { $0.rowset.rowCount == $0.rowset.byteCount / 10 })
    // Of a trace, times are whole microseconds.
    for (one, other) in zip(made.loads, found.loads) {
      #expect(abs(one.seconds - other.seconds) < 2e-6)
    }
  }

  /// What is read off a trace is what was counted while it ran.
  @Test(arguments: 1...12) func figuresAreThoseOfTheRun(seed: UInt64) throws {
    let model = try Self.model(seed: seed)
    let spec = ["tiered", "gradient", "universal", "leveled"][Int(seed % 4)]
    let policy = try PolicyCatalogue.shipped.policy(spec).policy
    let (run, trace) = try Self.traced(model, policy, loadCount: 300)
    let figures = try TracedFigures(of: trace)
    #expect(figures.loadCount == run.loadCount)
    #expect(figures.loadedByteCount == run.loadedByteCount)
    #expect(figures.mergeCount == run.mergeCount)
    #expect(figures.mergeReadByteCount == run.mergeReadByteCount)
    #expect(figures.mergeWrittenByteCount == run.mergeWrittenByteCount)
    #expect(figures.quiesceWrittenByteCount == run.quiesceWrittenByteCount)
    #expect(figures.settledWriteAmplification == run.settledWriteAmplification)
    #expect(abs(figures.quiesceSeconds - run.quiesceSeconds) < 1e-4)
    #expect(abs(figures.seconds - run.seconds) < 1e-4)
    #expect(abs(figures.componentMean / run.components.mean - 1) < 1e-3)
    #expect(Double(figures.componentMax) == run.components.max)
    #expect(figures.versionMax == run.versionMax)
    #expect(abs(figures.mergeProcessorSeconds - run.mergeProcessorSeconds) < 1e-3)
    // Merges that run are seen when they end.
    #expect(figures.peakByteCount <= run.peakByteCount)
    #expect(figures.peakByteCount >= run.peakByteCount / 2)
    #expect(figures.tablets.count == model.tabletCount)
    let components = figures.tablets.reduce(0) { $0 + $1.rowsets.count { !$0.isEmpty } }
    #expect(components == run.componentFinal)
  }

  @Test func queriesAreDueWhenTheyAreCounted() {
    let processes: [QueryProcess] = [
      .constant(perSecond: 7), .shift(perSecond: 3, thenPerSecond: 11, atSeconds: 2.5),
      .shift(perSecond: 0, thenPerSecond: 5, atSeconds: 1),
    ]
    for process in processes {
      for number in 0..<40 {
        let seconds = process.seconds(ofQuery: number)
        #expect(abs(process.count(from: 0, to: seconds) - Double(number)) < 1e-9)
      }
    }
    #expect(QueryProcess.none.seconds(ofQuery: 0) == .infinity)
    let ending = QueryProcess.shift(perSecond: 2, thenPerSecond: 0, atSeconds: 2)
    #expect(ending.seconds(ofQuery: 3) == 1.5)
    #expect(ending.seconds(ofQuery: 4) == .infinity)
  }

  @Test func rowsAreFoundByBytes() throws {
    let rowsets = [(1, 500), (10, 700), (100, 2500), (5000, 90_000)].map { rows, bytes in
      RowsetSummary(
        versions: .initial, byteCount: bytes, rowCount: rows, createdAt: Timestamp(rawValue: 0))
    }
    let sizes = try #require(RowsetSizes(rowsets))
    for byteCount in [1, 500, 501, 699, 700, 1000, 2500, 50_000, 90_000, 1 << 20, 1 << 40] {
      let rows = sizes.rowCount(ofBytes: byteCount)
      #expect(rows == 1 || sizes.byteCount(ofRows: rows) <= Double(byteCount))
      #expect(sizes.byteCount(ofRows: rows + 1) > Double(byteCount))
    }
  }
}
