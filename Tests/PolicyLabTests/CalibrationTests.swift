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
    // Outputs are as large as inputs here, and it is inputs that times are known for.
    #expect(abs(found.readBytesPerSecond / 300e6 - 1) < 0.05)
    #expect(found.writeBytesPerSecond == .infinity && found.secondsAfterMerge < 1e-5)
    let figures = try TracedFigures(of: trace)
    #expect(figures.loadedByteCount == run.loadedByteCount)
    #expect(abs(figures.componentMean / run.components.mean - 1) < 0.02)
    #expect(abs(figures.writeAmplification / run.writeAmplification - 1) < 0.02)
  }

  private static func at(_ milliseconds: Int) -> Timestamp {
    Timestamp(rawValue: Int64(milliseconds) * 1000)
  }

  private static let tablet = TabletID(rawValue: 1)

  /// What a trace says of one merge: asked for, visible, and out of its slot at these milliseconds.
  private static func events(
    _ version: Int64, bytes: Int, asked: Int, visible: Int, finished: Int
  ) -> [TraceEvent] {
    let versions = VersionRange(version, version + 1)
    let pick = CompactionPick(kind: .cumulative, versions: versions, urgency: 1)
    let output = RowsetSummary(
      versions: versions, byteCount: bytes, rowCount: 1, createdAt: at(visible - 1))
    return [
      .ask(
        tablet,
        TracedQuestion(
          view: .newest(unseen: 0), now: at(asked), allowedKinds: [.cumulative], inFlight: [],
          entropy: 0, traffic: nil, decision: .compact([pick], because: ""))),
      .merge(
        tablet,
        TracedMerge(
          kind: .cumulative, output: output, cumulativePoint: Version(2), at: at(visible - 1),
          visibleAt: at(visible))),
      .job(
        tablet,
        TracedJob(
          kind: .cumulative, versions: versions, queuedAt: at(asked), startedAt: at(asked + 1),
          finishedAt: at(finished), cpuMicroseconds: 1000, inputByteCount: bytes,
          result: .written(byteCount: bytes))),
    ]
  }

  /// A merge that takes far longer than others of its size has stood still.
  @Test func stallsDoNotGrowWithBytes() throws {
    var events: [TraceEvent] = []
    for number in 0..<50 {
      let start = number * 1000
      events += Self.events(
        Int64(2 + 2 * number), bytes: 1000, asked: start,
        visible: start + (number == 20 ? 510 : 10), finished: start + 600)
    }
    let calibration = TraceCalibration(
      of: CompactionTrace(origin: TraceOrigin(source: "engine"), events: events))
    var costs = CostModel()
    calibration.apply(to: &costs)
    let usual = costs.mergeSeconds(readByteCount: 1000, writtenByteCount: 0)
    #expect(abs(usual - 0.02) < 1e-9)
    let pace = try #require(calibration.pace(for: costs))
    let merge = try #require(pace.merge(at: 20))
    #expect(abs(merge.factor - 3) < 1e-9 && abs(merge.stallSeconds - 0.45) < 1e-9)
  }

  /// A merge takes from the question to the moment at which its output can be read, and its slot
  /// until the next question.
  @Test func mergesAreTimedFromQuestionToQuestion() throws {
    let events =
      Self.events(2, bytes: 1000, asked: 0, visible: 10, finished: 12)
      + Self.events(4, bytes: 1000, asked: 15, visible: 35, finished: 36)
      + Self.events(6, bytes: 1000, asked: 40, visible: 55, finished: 57)
    let calibration = TraceCalibration(
      of: CompactionTrace(origin: TraceOrigin(source: "engine"), events: events))
    #expect(abs(try #require(calibration.elapsed).value(1000) - 0.015) < 1e-9)
    // Of the last one only its end is known.
    #expect(abs(calibration.restSeconds - (0.005 + 0.005 + 0.002) / 3) < 1e-9)
    var costs = CostModel()
    calibration.apply(to: &costs)
    #expect(abs(costs.mergeSeconds(readByteCount: 1000, writtenByteCount: 500) - 0.015) < 1e-9)
    let pace = try #require(calibration.pace(for: costs))
    for (seconds, factor, rest) in [
      (-1, 10.0 / 15, 0.005), (0.007, 10.0 / 15, 0.005), (0.008, 20.0 / 15, 0.005),
      (0.02, 20.0 / 15, 0.005), (0.03, 1, 0.002), (9, 1, 0.002),
    ] {
      let merge = try #require(pace.merge(at: seconds))
      #expect(abs(merge.factor - factor) < 1e-9 && abs(merge.restSeconds - rest) < 1e-9)
      #expect(abs(merge.stallSeconds) < 1e-9)
    }
    let none = CompactionTrace(origin: TraceOrigin(source: "engine"), events: [])
    #expect(TraceCalibration(of: none).pace(for: costs) == nil)
  }
}
