import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Fails or cuts off every single file operation of a workload in turn, and looks at what is left.
@Suite struct CrashTests {
  /// Loads, compacts, sweeps and checkpoints until something throws; returns what was
  /// acknowledged.
  private func work(
    on files: any FileSystem, options: StoreOptions
  ) -> (acknowledged: [TestStore.Row], refused: [TestStore.Row]) {
    var acknowledged: [TestStore.Row] = []
    var refused: [TestStore.Row] = []
    var random = SeededGenerator(seed: 11)
    do {
      let store = try TestStore.create(files, options: options, buckets: 2)
      let scheduler = CompactionScheduler(
        store: store, policy: EagerPolicy(threshold: 2),
        lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
      scheduler.start()
      for load in 0..<8 {
        let rows = TestStore.rows(load: load, count: 12, random: &random)
        do {
          try store.load(TestStore.batch(rows), into: TestStore.tableName)
          acknowledged += rows
        } catch {
          refused += rows
        }
        if load % 3 == 2 {
          do { try store.sweepStaleRowsets() } catch {}
          do { try store.checkpoint() } catch {}
        }
      }
      scheduler.stop(cancelRunning: false)
    } catch {}
    return (acknowledged, refused)
  }

  /// After a crash everything acknowledged is there once; a load that was refused is there whole
  /// or not at all.
  private func check(
    _ files: any FileSystem, options: StoreOptions,
    _ outcome: (acknowledged: [TestStore.Row], refused: [TestStore.Row]), _ comment: Comment
  ) throws {
    let isStore = try files.exists(TestStore.path + "/SEDIMENT")
    guard isStore || !outcome.acknowledged.isEmpty else { return }
    let store = try TestStore.open(files, options: options)
    guard !store.snapshot().isEmpty else {
      #expect(outcome.acknowledged.isEmpty, comment)
      return
    }
    let found = try TestStore.contents(of: store)
    let expected = Set(outcome.acknowledged)
    let foundSet = Set(found)
    #expect(foundSet.count == found.count, "a row is there twice")
    #expect(expected.isSubset(of: foundSet), comment)
    #expect(foundSet.subtracting(expected).isSubset(of: Set(outcome.refused)), comment)
    #expect(foundSet.subtracting(expected).count % 12 == 0, comment)
    #expect(StoreVerifier(store).run().problems == [], comment)
    // The store goes on.
    var random = SeededGenerator(seed: 99)
    let more = TestStore.rows(load: 100, count: 5, random: &random)
    try store.load(TestStore.batch(more), into: TestStore.tableName)
    #expect(try TestStore.contents(of: store).count == found.count + 5, comment)
  }

  private func forEachFailure(_ plan: (Int) -> FaultPlan, options: StoreOptions) throws {
    var operation = 0
    while true {
      let memory = MemoryFileSystem()
      let faulty = FaultyFileSystem(memory, plan: plan(operation))
      let outcome = work(on: faulty, options: options)
      if faulty.injectedFaults.isEmpty { break }
      for seed in 0..<3 {
        let survivor = memory.crash(seed: UInt64(operation * 3 + seed))
        try check(
          survivor, options: options, outcome, "operation \(operation), crash seed \(seed)")
      }
      operation += 1
    }
    #expect(operation > 100, "the workload has too few operations to mean anything")
  }

  private static let options = StoreOptions(logFileByteCountMax: 4000, staleGraceSeconds: 0)

  @Test(arguments: [0, 1 << 16]) func survivesAFailureOfEveryOperation(inlineBytes: Int) throws {
    var options = Self.options
    options.inlineRowsetByteCountMax = inlineBytes
    try forEachFailure({ .failing(operation: $0) }, options: options)
  }

  @Test(arguments: [0, 1 << 16]) func survivesDyingAtEveryOperation(inlineBytes: Int) throws {
    var options = Self.options
    options.inlineRowsetByteCountMax = inlineBytes
    try forEachFailure({ .dying(atOperation: $0) }, options: options)
  }

  @Test func aFullDiskRefusesLoadsAndLosesNothing() throws {
    var refusals = 0
    for budget in stride(from: 500, to: 20_000, by: 250) {
      let memory = MemoryFileSystem()
      let plan = FaultPlan(writableByteCount: UInt64(budget))
      let outcome = work(on: FaultyFileSystem(memory, plan: plan), options: Self.options)
      refusals += outcome.refused.count
      try check(
        memory.crash(seed: UInt64(budget)), options: Self.options, outcome, "budget \(budget)")
    }
    #expect(refusals > 0)
  }
}
