import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Random loads, compactions, sweeps, checkpoints and restarts against a list of rows.
@Suite struct StoreModelTests {
  @Test(arguments: 0..<24) func agreesWithAListOfRows(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let files = MemoryFileSystem()
    var options = StoreOptions(logFileByteCountMax: 20_000, staleGraceSeconds: 0)
    if seed % 3 == 0 { options.inlineRowsetByteCountMax = 0 }
    if seed % 4 == 1 { options.segmentRowCountMax = 40 }
    var store: Store? = try TestStore.create(files, options: options, buckets: 1 + Int(seed % 4))
    var expected: [TestStore.Row] = []
    for step in 0..<60 {
      if random.next() % 10 == 0 {
        store = nil
        store = try TestStore.open(files, options: options)
      } else if let store {
        expected += try change(store, step: step, &random)
      }
      if let store {
        #expect(try TestStore.contents(of: store) == TestStore.sorted(expected), "step \(step)")
      }
    }
    store = nil
    let reopened = try TestStore.open(files, options: options)
    #expect(try TestStore.contents(of: reopened) == TestStore.sorted(expected))
    let report = StoreVerifier(reopened).run()
    #expect(report.problems == [])
    #expect(report.rows >= expected.count)
  }

  /// Does something at random and returns the rows that were loaded.
  private func change(
    _ store: Store, step: Int, _ random: inout SeededGenerator
  ) throws -> [TestStore.Row] {
    switch random.next() % 9 {
    case 0..<6:
      let rows = TestStore.rows(load: step, count: Int(random.next() % 60), random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
      return rows
    case 6, 7:
      let executor = SimulatedExecutor(seed: random.next())
      let scheduler = CompactionScheduler(
        store: store, policy: EagerPolicy(threshold: Int(random.next() % 4)),
        lanes: [CompactionLane(kinds: [.cumulative], slotCount: 2, executor: executor)])
      scheduler.start()
      executor.runAll()
      scheduler.stop(cancelRunning: false)
    default:
      try store.sweepStaleRowsets()
      if random.next() % 2 == 0 { try store.checkpoint() }
    }
    return []
  }

  /// Every version that is kept reads as it did when it was the newest.
  @Test func olderVersionsStayReadable() throws {
    let store = try TestStore.create(
      MemoryFileSystem(), options: StoreOptions(staleGraceSeconds: 1000), buckets: 1)
    var random = SeededGenerator(seed: 8)
    var byVersion: [Version: [TestStore.Row]] = [.initial: []]
    var rows: [TestStore.Row] = []
    for load in 0..<20 {
      let added = TestStore.rows(load: load, count: 7, random: &random)
      let receipt = try store.load(TestStore.batch(added), into: TestStore.tableName)
      rows += added
      byVersion[try #require(receipt.versions.values.first)] = TestStore.sorted(rows)
      let scheduler = CompactionScheduler(
        store: store, policy: EagerPolicy(threshold: Int(random.next() % 6)),
        lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
      scheduler.start()
      scheduler.stop(cancelRunning: false)
    }
    let tablet = try store.snapshot(of: TestStore.tableName).tablets[0]
    #expect(!tablet.state.stale.isEmpty)
    for (version, expected) in byVersion {
      let found = try TestStore.rows(of: tablet.segments(at: version))
      #expect(TestStore.sorted(found) == expected, "version \(version)")
    }
    #expect(throws: StorageError.self) { _ = try tablet.segments(at: tablet.version.next) }
  }

  @Test func aSnapshotNeverChanges() throws {
    let files = MemoryFileSystem()
    let store = try TestStore.create(files, options: StoreOptions(staleGraceSeconds: 0))
    var random = SeededGenerator(seed: 5)
    for load in 0..<6 {
      let rows = TestStore.rows(load: load, count: 30, random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
    }
    let held = try store.snapshot(of: TestStore.tableName)
    let before = try TestStore.contents(of: store)
    try store.load(
      TestStore.batch(TestStore.rows(load: 9, count: 10, random: &random)),
      into: TestStore.tableName)
    let scheduler = CompactionScheduler(
      store: store, policy: EagerPolicy(),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
    scheduler.start()
    #expect(try store.sweepStaleRowsets() > 0)
    try store.checkpoint()
    var work = PageWork()
    var rows = 0
    for segment in held.tablets.flatMap(\.segments) {
      let reader = try segment.reader()
      for page in 0..<reader.pageCount {
        _ = try reader.readPage(column: 0, page: page, work: &work)
      }
      rows += reader.rowCount
    }
    #expect(rows == before.count)
  }
}
