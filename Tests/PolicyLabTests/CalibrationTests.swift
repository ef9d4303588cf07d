import CompactionPolicies
import StorageBase
import TabletModel
import Testing

@testable import PolicyLab

@Suite struct CalibrationTests {
  @Test func linesAreFound() throws {
    let line = try #require(LinearFit((1...20).map { (Double($0), 3 + 0.5 * Double($0)) }))
    #expect(abs(line.intercept - 3) < 1e-9 && abs(line.slope - 0.5) < 1e-9)
    // Neither coefficient may be negative: then the best line with the other alone.
    let origin = try #require(LinearFit([(1, 0), (2, 3), (3, 4)]))
    #expect(origin.intercept == 0 && abs(origin.slope - 18.0 / 14) < 1e-9)
    let flat = try #require(LinearFit([(1, 4), (2, 2), (3, 3)]))
    #expect(flat.slope == 0 && flat.intercept == 3)
    #expect(LinearFit([]) == nil)
    #expect(try #require(LinearFit([(2, 6), (2, 8)])).value(4) == 14)
  }

  private func rowset(_ rows: Int, _ bytes: Int) -> RowsetSummary {
    RowsetSummary(
      versions: VersionRange(2, 2), byteCount: bytes, rowCount: rows,
      createdAt: Timestamp(rawValue: 0))
  }

  /// A head of 1000 bytes and 10 for each row.
  @Test func sizesOfMergesFollowTheCurve() throws {
    let known = (3...20).map { rowset(1 << $0, 1000 + 10 << $0) }
    let sizes = try #require(RowsetSizes(known))
    for inputs in [[50, 50, 50], [100, 9000], [8, 8, 8, 8, 8, 8, 8, 8], [700_000, 3]] {
      let rowsets = inputs.map { rowset($0, 1000 + 10 * $0) }
      let found = Double(try #require(sizes.mergedByteCount(of: rowsets)))
      let exact = Double(1000 + 10 * inputs.reduce(0, +))
      #expect(abs(found / exact - 1) < 0.03, "\(inputs): \(found) for \(exact)")
    }
    #expect(sizes.mergedByteCount(of: [rowset(0, 500), rowset(100, 2000)]) == nil)
    #expect(RowsetSizes([rowset(0, 10), rowset(10, 0)]) == nil)
  }

  /// From a recorded run with known costs these are found again, and the run as well.
  @Test func costsOfARecordedRunAreFoundAgain() throws {
    var model = TimedModel()
    model.arrivals = .poisson(perSecond: 30)
    model.sizes = .logNormal(medianByteCount: 1 << 18, sigma: 1)
    model.tabletCount = 3
    model.costs.secondsPerMerge = 0.004
    model.costs.secondsWaitedPerMerge = 0.002
    model.costs.processorBytesPerSecond = 150e6
    model.costs.readBytesPerSecond = .infinity
    model.costs.writeBytesPerSecond = 300e6
    let policy = try PolicyCatalogue.shipped.policy("tiered:t=3").policy
    var events: [TraceEvent] = []
    let run = try model.run(
      policy, loadCount: 400, observer: TimedObserver(onTrace: { events.append($0) }))
    let trace = CompactionTrace(origin: TraceOrigin(source: "timed"), events: events)
    var found = CostModel()
    TraceCalibration(of: trace).apply(to: &found)
    #expect(abs(found.secondsPerMerge / 0.004 - 1) < 0.05)
    #expect(abs(found.secondsWaitedPerMerge / 0.002 - 1) < 0.3)
    #expect(abs(found.processorBytesPerSecond / 150e6 - 1) < 0.02)
    #expect(abs(found.writeBytesPerSecond / 300e6 - 1) < 0.05)
    let figures = try TracedFigures(of: trace)
    #expect(figures.loadedByteCount == run.loadedByteCount)
    #expect(abs(figures.componentMean / run.components.mean - 1) < 0.02)
    #expect(abs(figures.writeAmplification / run.writeAmplification - 1) < 0.02)
  }

  /// Merges that have to wait for a thread, though they are wanted and their slot is free.
  @Test func whatPassesBeforeAMergeBeginsIsFound() {
    func at(_ milliseconds: Int) -> Timestamp { Timestamp(rawValue: Int64(milliseconds) * 1000) }
    func job(_ kind: CompactionKind, _ queued: Int, _ started: Int, _ finished: Int) -> TraceEvent {
      .job(
        TabletID(rawValue: 1),
        TracedJob(
          kind: kind, versions: VersionRange(2, 3), queuedAt: at(queued), startedAt: at(started),
          finishedAt: at(finished), cpuMicroseconds: 1000, inputByteCount: 1 << 20,
          result: .written(byteCount: 1 << 20)))
    }
    let events = [
      // Wanted at 0, begun at 4; the next one waits for the first until 10, then 2 more.
      job(.cumulative, 0, 4, 10), job(.cumulative, 5, 12, 20),
      // Another kind has a slot of its own.
      job(.base, 6, 6, 30),
    ]
    let trace = CompactionTrace(origin: TraceOrigin(source: "engine"), events: events)
    #expect(abs(TraceCalibration(of: trace).startSeconds - 0.002) < 1e-9)
  }
}
