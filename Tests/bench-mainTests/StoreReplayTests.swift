import CompactionPolicies
import PolicyLab
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import bench_main

/// Replays into a real store.
@Suite struct StoreReplayTests {
  private static let start = Timestamp(rawValue: 1_790_000_000_000_000)

  /// Loads of two tablets, one of them without known rows.
  private static func trace() -> CompactionTrace {
    var recorder = TraceRecorder()
    var events: [TraceEvent] = []
    for id in [UInt64(3), 8] {
      var facts = TabletFacts(
        rowsets: [
          RowsetSummary(versions: .initial, byteCount: 0, segmentCount: 0, createdAt: start)
        ], cumulativePoint: Version(2), now: start)
      events += recorder.note(facts, of: TabletID(rawValue: id))
      for load in 0..<12 {
        facts.rowsets.append(
          RowsetSummary(
            versions: VersionRange(Int64(load + 2), Int64(load + 2)), byteCount: 1000,
            rowCount: id == 3 ? 10 + load : 0, createdAt: start.advanced(bySeconds: Double(load))))
      }
      events += recorder.note(facts, of: TabletID(rawValue: id))
    }
    return CompactionTrace(origin: TraceOrigin(source: "engine"), events: events)
  }

  @Test func everyLoadHasItsRowsAndItsTablet() throws {
    let folder = try TemporaryFolder()
    let policy = try PolicyCatalogue.shipped.policy("gradient:min_deltas=3")
    let workload = try TracedWorkload(of: Self.trace())
    let settings = StoreReplay.Settings(
      scheduler: try ConfiguredScheduler(spec: "fair:cumulative=1,base=1"), writers: 2,
      versionLimit: 2000, backPressure: .none, seed: 1, speed: 1e6, bytesPerRow: 20)
    let path = folder.path + "/again.trace"
    let replay = try StoreReplay(
      workload, under: policy, settings: settings, path: folder.path + "/store",
      trace: try TraceFile(path: path, origin: TraceOrigin(source: "engine")))
    try replay.run(interrupt: InterruptFlag())
    let expected = (0..<12).reduce(0) { $0 + 10 + $1 } + 12 * 50
    #expect(try replay.rowCount() == expected)
    let report = try StoreReplayReport(replay, policy, settings, loadCount: workload.loads.count)
    #expect(report.isSound)
    #expect(report.summary.commits == 24)
    #expect(report.text.contains("24 of 24 loads"))
    let again = try CompactionTrace(path: path)
    #expect(try TraceAgreement(of: again, with: policy.policy).differences == [])
    let loads = try TracedWorkload(of: again).loads
    #expect(loads.count == 24)
    #expect(
      loads.filter { $0.tablet == 0 }.map(\.rowset.rowCount).sorted() == (0..<12).map { 10 + $0 })
  }

  /// An interrupt ends it, with a trace that can be read.
  @Test func interruptsLeaveReadableTraces() throws {
    let folder = try TemporaryFolder()
    let policy = try PolicyCatalogue.shipped.policy("gradient")
    let settings = StoreReplay.Settings(
      scheduler: try ConfiguredScheduler(spec: "fair:cumulative=1,base=1"), writers: 1,
      versionLimit: 2000, backPressure: .none, seed: 1, speed: 1e-3, bytesPerRow: 20)
    let path = folder.path + "/again.trace"
    let replay = try StoreReplay(
      try TracedWorkload(of: Self.trace()), under: policy, settings: settings,
      path: folder.path + "/store",
      trace: try TraceFile(path: path, origin: TraceOrigin(source: "engine")))
    let interrupt = InterruptFlag()
    let pool = try WorkerPool(name: "impatient", threadCount: 1)
    pool.submit {
      sleepThread(nanoseconds: 200_000_000)
      interrupt.set()
    }
    try replay.run(interrupt: interrupt)
    pool.shutdown()
    let trace = try CompactionTrace(path: path)
    #expect(try TracedWorkload(of: trace).tablets.count == 2)
  }
}
