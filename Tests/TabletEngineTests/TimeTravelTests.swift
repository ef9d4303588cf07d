import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Random loads, compactions, sweeps, checkpoints and restarts: every state that is held reads as
/// it did when it was the newest, and every other one is refused.
@Suite struct TimeTravelTests {
  private static let graceSeconds = 20.0

  /// What the store should know.
  private struct Model {
    /// By commit, from 0: the rows there were after it, and when it was.
    var states: [(rows: [TestStore.Row], at: Timestamp)] = []
    /// Commits that touched some other table only.
    var newest: UInt64 { UInt64(states.count - 1) }
  }

  @Test(arguments: 0..<16) func everyHeldStateReadsAsItWas(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let files = MemoryFileSystem()
    let clock = ManualClock(Timestamp(rawValue: 1_000_000))
    var options = StoreOptions(
      logFileByteCountMax: seed % 2 == 0 ? 8000 : 1 << 20, staleGraceSeconds: Self.graceSeconds)
    if seed % 3 == 0 { options.inlineRowsetByteCountMax = 0 }
    var store: Store? = try Store.create(
      TestStore.path, files: files, clock: clock, entropy: 7, options: options)
    try store?.createTable(TestStore.definition(buckets: 1 + Int(seed % 4)))
    var model = Model(states: [([], clock.now())])
    var heldCount = 0
    for step in 0..<50 {
      clock.advance(bySeconds: 0.5 + Double(random.next() % 4))
      if random.next() % 10 == 0 {
        store = nil
        store = try Store.open(TestStore.path, files: files, clock: clock, options: options)
      } else if let store {
        try change(store, step, clock, &model, &random)
      }
      if let store, step % 4 == 0 { heldCount += try check(store, model, clock) }
    }
    // A test in which only the present is readable proves nothing.
    #expect(heldCount > 40)
  }

  private func change(
    _ store: Store, _ step: Int, _ clock: ManualClock, _ model: inout Model,
    _ random: inout SeededGenerator
  ) throws {
    switch random.next() % 9 {
    case 0..<5:
      // Few rows, so that most loads leave out some tablets.
      let rows = TestStore.rows(load: step, count: 1 + Int(random.next() % 4), random: &random)
      let receipt = try store.load(TestStore.batch(rows), into: TestStore.tableName)
      model.states.append((model.states[model.states.count - 1].rows + rows, clock.now()))
      #expect(receipt.sequence == model.newest)
    case 5, 6:
      let scheduler = CompactionScheduler(
        store: store, policy: EagerPolicy(threshold: Int(random.next() % 4)),
        lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
      scheduler.start()
      scheduler.stop(cancelRunning: false)
    case 7: try store.checkpoint()
    default: try store.sweepStaleRowsets()
    }
  }

  /// - Returns: how many states could be read.
  private func check(_ store: Store, _ model: Model, _ clock: ManualClock) throws -> Int {
    let table = try store.snapshot(of: TestStore.tableName)
    let held = table.heldSequences
    var count = 0
    for sequence in 0...model.newest {
      let state = model.states[Int(sequence)]
      guard held.contains(where: { $0.contains(sequence) }) else {
        let end = model.states[Int(sequence) + 1].at
        #expect(
          clock.now().seconds(since: end) >= Self.graceSeconds,
          "commit \(sequence) was the newest until \(end)")
        let error = #expect(throws: StorageError.self) {
          try store.snapshot(of: TestStore.tableName, asOf: .sequence(sequence))
        }
        #expect("\(try #require(error))".contains("staleGraceSeconds"))
        #expect(throws: StorageError.self) {
          try store.snapshot(of: TestStore.tableName, asOf: .time(state.at))
        }
        continue
      }
      count += 1
      for moment in [Moment.sequence(sequence), .time(state.at.advanced(bySeconds: 0.4))] {
        let old = try store.snapshot(of: TestStore.tableName, asOf: moment)
        let found = try TestStore.rows(of: old.tablets.flatMap(\.segments))
        #expect(TestStore.sorted(found) == TestStore.sorted(state.rows), "\(moment)")
      }
    }
    for tablet in table.tablets {
      #expect(tablet.state.history.entries.count <= 2 * tablet.state.readableVersions.count + 1)
    }
    return count
  }

  @Test func whatNeverWasIsRefused() throws {
    let store = try TestStore.create(MemoryFileSystem(), buckets: 1)
    let row = TestStore.Row([.integer(1), .integer(1), .null, .integer(1), .string("x")])
    try store.load(TestStore.batch([row]), into: TestStore.tableName)
    let future = #expect(throws: StorageError.self) {
      try store.snapshot(of: TestStore.tableName, asOf: .sequence(2))
    }
    #expect("\(try #require(future))".contains("the newest commit of the store is 1"))
    let before = #expect(throws: StorageError.self) {
      try store.snapshot(of: TestStore.tableName, asOf: .time(Timestamp(rawValue: 999_999)))
    }
    #expect("\(try #require(before))".contains("the table was created at 1970-01-01 00:00:01"))
    let empty = try store.snapshot(of: TestStore.tableName, asOf: .sequence(0))
    #expect(empty.rowCount == 0)
    let late = try store.snapshot(
      of: TestStore.tableName, asOf: .time(Timestamp(rawValue: 9_000_000_000)))
    #expect(late.rowCount == 1)
  }

  /// Replaced rowsets, their files included, stay through the grace period and for as long as a
  /// snapshot holds them, of the present or of the past; then they are gone.
  @Test func filesGoWithTheLastReader() throws {
    let files = MemoryFileSystem()
    let clock = ManualClock(Timestamp(rawValue: 1_000_000))
    let store = try Store.create(
      TestStore.path, files: files, clock: clock, entropy: 7,
      options: StoreOptions(inlineRowsetByteCountMax: 0, staleGraceSeconds: 10))
    try store.createTable(TestStore.definition(buckets: 1))
    var random = SeededGenerator(seed: 3)
    for load in 0..<5 {
      clock.advance(bySeconds: 1)
      try store.load(
        TestStore.batch(TestStore.rows(load: load, count: 4, random: &random)),
        into: TestStore.tableName)
    }
    func fileCount() throws -> Int {
      let tablet = try store.snapshot(of: TestStore.tableName).tablets[0].id
      return try files.listDirectory(store.layout.tabletDirectory(tablet)).count
    }
    var present: TableSnapshot? = try store.snapshot(of: TestStore.tableName)
    let scheduler = CompactionScheduler(
      store: store, policy: EagerPolicy(),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
    scheduler.start()
    scheduler.stop(cancelRunning: false)
    #expect(try store.sweepStaleRowsets() == 0)
    clock.advance(bySeconds: 9)
    #expect(try store.sweepStaleRowsets() == 0)
    #expect(try fileCount() == 6)
    var past: TableSnapshot? = try store.snapshot(of: TestStore.tableName, asOf: .sequence(2))
    clock.advance(bySeconds: 2)
    #expect(try store.sweepStaleRowsets() == 5)
    #expect(try fileCount() == 6)
    #expect(throws: StorageError.self) {
      try store.snapshot(of: TestStore.tableName, asOf: .sequence(2))
    }
    for (snapshot, rowCount) in [(present, 20), (past, 8)] {
      let segments = try #require(snapshot).tablets.flatMap(\.segments)
      #expect(try TestStore.rows(of: segments).count == rowCount)
    }
    present = nil
    // The two loads that the past consists of, and the output.
    #expect(try fileCount() == 3)
    past = nil
    #expect(try fileCount() == 1)
    #expect(try TestStore.contents(of: store).count == 20)
  }

  /// Nothing is swept in a way that breaks an older rowset's use: each version is readable whole
  /// or not at all, also when a clock that was set back lets an output go before its inputs.
  @Test(arguments: 0..<30) func sweepsLeaveNoHalf(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let files = MemoryFileSystem()
    let clock = ManualClock(Timestamp(rawValue: 1_000_000_000))
    let store = try Store.create(
      TestStore.path, files: files, clock: clock, entropy: 7,
      options: StoreOptions(staleGraceSeconds: 5))
    try store.createTable(TestStore.definition(buckets: 1))
    var rows: [[TestStore.Row]] = [[]]
    for load in 1..<25 {
      clock.advance(bySeconds: Double(Int64(random.next() % 12)) - 4)
      let added = TestStore.rows(load: load, count: 2, random: &random)
      try store.load(TestStore.batch(added), into: TestStore.tableName)
      rows.append(rows[load - 1] + added)
      let scheduler = CompactionScheduler(
        store: store, policy: EagerPolicy(threshold: Int(random.next() % 5)),
        lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
      scheduler.start()
      scheduler.stop(cancelRunning: false)
      try store.sweepStaleRowsets()
      let table = try store.snapshot(of: TestStore.tableName)
      for sequence in 0...load {
        guard let old = table.asOf(sequence: UInt64(sequence)) else { continue }
        let found = try TestStore.rows(of: old.tablets.flatMap(\.segments))
        #expect(TestStore.sorted(found) == TestStore.sorted(rows[sequence]))
      }
      #expect(table.tablets[0].state.check() == [])
    }
  }
}
