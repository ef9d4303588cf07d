import CompactionPolicies
import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Loads that are held back by a store, in virtual time.
@Suite struct BackPressureTests {
  private static func store(
    _ backPressure: BackPressure, limit: Int, buckets: Int = 1
  ) throws -> (store: Store, clock: ManualClock) {
    let clock = ManualClock(Timestamp(rawValue: 1_000_000))
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: clock, entropy: 7,
      options: StoreOptions(tabletVersionCountMax: limit, backPressure: backPressure))
    try store.createTable(TestStore.definition(buckets: buckets))
    return (store, clock)
  }

  private static func load(_ store: Store, _ number: Int) throws -> CommitReceipt {
    var random = SeededGenerator(seed: UInt64(number))
    return try store.load(
      TestStore.batch(TestStore.rows(load: number, count: 3, random: &random)),
      into: TestStore.tableName)
  }

  @Test func loadsAreSlowedBeforeTheLimitAndRefusedAtIt() throws {
    let slowing = SmoothSlowing(softFraction: 0.5, horizonSeconds: 4, patienceSeconds: 3)
    let (store, clock) = try Self.store(.smooth(slowing), limit: 40)
    var slowed: [Double] = []
    for number in 0..<40 { slowed.append(try Self.load(store, number).slowedSeconds) }
    // The first after the threshold finds nobody ahead of it.
    #expect(slowed[...21].allSatisfy { $0 == 0 })
    #expect(slowed[22...].allSatisfy { $0 > 0 && $0 <= 3 })
    #expect(slowed[39] > slowed[22] * 10)
    let before = clock.now()
    #expect(throws: StorageError.self) { try Self.load(store, 40) }
    #expect(abs(clock.now().seconds(since: before) - 3) < 0.001)
    // Nobody waits again for what did not come.
    #expect(throws: StorageError.self) { try Self.load(store, 40) }
    #expect(abs(clock.now().seconds(since: before) - 3) < 0.001)
    let totals = store.slowingTotals
    #expect(totals.loadCount == 19 && totals.refusedCount == 2)
    #expect(abs(totals.seconds - slowed.reduce(3, +)) < 0.001 && totals.longestSeconds <= 3)
    // Compaction makes room, and nothing is slow any more.
    let scheduler = CompactionScheduler(
      store: store, policy: EagerPolicy(),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
    scheduler.start()
    scheduler.stop(cancelRunning: false)
    for number in 41..<50 { #expect(try Self.load(store, number).slowedSeconds == 0) }
  }

  /// Loads that are pre-committed take the last places, unseen by whoever counts versions. One more
  /// waits for its patience, and is refused then; it once tried for ever. (Seed 1000790.)
  @Test func aPrecommitThatFindsNoRoomIsRefused() throws {
    let slowing = SmoothSlowing(softFraction: 0.5, horizonSeconds: 4, patienceSeconds: 3)
    let (store, clock) = try Self.store(.smooth(slowing), limit: 4)
    func precommit(_ number: Int) throws -> CommitReceipt {
      var random = SeededGenerator(seed: UInt64(number))
      let transaction = try store.begin(label: "load \(number)")
      try transaction.builder(for: TestStore.tableName)
        .append(TestStore.batch(TestStore.rows(load: number, count: 3, random: &random)))
      return try transaction.precommit()
    }
    for number in 0..<4 { #expect(try precommit(number).slowedSeconds == 0) }
    let before = clock.now()
    #expect(throws: StorageError.self) { try precommit(4) }
    #expect(abs(clock.now().seconds(since: before) - 3) < 0.001)
    #expect(store.slowingTotals.refusedCount == 1)
    try store.abort(label: "load 0")
    #expect(try precommit(5).slowedSeconds == 0)
  }

  @Test func aHardLimitRefusesAtOnceAndNoneNever() throws {
    let (hard, clock) = try Self.store(.hard, limit: 3)
    for number in 0..<3 { _ = try Self.load(hard, number) }
    let before = clock.now()
    #expect(throws: StorageError.self) { try Self.load(hard, 3) }
    #expect(clock.now() == before)
    #expect(hard.slowingTotals.refusedCount == 1)
    let (none, _) = try Self.store(.none, limit: 3)
    for number in 0..<10 { #expect(try Self.load(none, number).slowedSeconds == 0) }
    #expect(none.slowingTotals == SlowingTotals())
  }

  /// Rows go to all tablets; the one with most versions decides.
  @Test func theWorstTabletDecides() throws {
    let slowing = SmoothSlowing(softFraction: 0, horizonSeconds: 8, patienceSeconds: 100)
    let (store, _) = try Self.store(.smooth(slowing), limit: 20, buckets: 2)
    let definition = try TestStore.definition(buckets: 2)
    func row(_ user: Int) -> TestStore.Row {
      [.integer(Int128(user)), .integer(1), .null, .integer(1), .string("load 0 row \(user)")]
    }
    let first = (0..<100).first { definition.bucket(of: [.integer(Int128($0))]) == 0 } ?? 0
    let second = (0..<100).first { definition.bucket(of: [.integer(Int128($0))]) == 1 } ?? 0
    for _ in 0..<12 { try store.load(TestStore.batch([row(first)]), into: TestStore.tableName) }
    let alone = try store.load(TestStore.batch([row(second)]), into: TestStore.tableName)
    #expect(alone.slowedSeconds == 0)
    let both = try store.load(
      TestStore.batch([row(first), row(second)]), into: TestStore.tableName)
    #expect(both.slowedSeconds > 0.3)
    #expect(both.versions.count == 2)
  }

  /// Many threads at a limit that compaction keeps just out of reach.
  @Test func manyWritersAreNeverRefusedWhileCompactionRuns() throws {
    let (store, _) = try Self.store(
      .smooth(SmoothSlowing(horizonSeconds: 60, patienceSeconds: 600)), limit: 60)
    let compaction = try WorkerPool(name: "compaction", threadCount: 1)
    let scheduler = CompactionScheduler(
      store: store, policy: EagerPolicy(threshold: 5),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: compaction)])
    scheduler.start()
    let writers = try WorkerPool(name: "writers", threadCount: 8)
    for writer in 0..<8 {
      writers.submit {
        for number in 0..<30 {
          do { _ = try Self.load(store, writer * 100 + number) } catch {
            Issue.record("writer \(writer), load \(number): \(error)")
          }
        }
      }
    }
    writers.shutdown()
    scheduler.stop(cancelRunning: false)
    compaction.shutdown()
    #expect(try store.snapshot(of: TestStore.tableName).rowCount == 8 * 30 * 3)
  }

  @Test func specsAreRead() throws {
    #expect(try BackPressure(spec: "none") == .none)
    #expect(try BackPressure(spec: "hard") == .hard)
    #expect(try BackPressure(spec: "smooth") == .smooth(SmoothSlowing()))
    let spec = "smooth:soft=0.25,horizon=5.0,patience=0.0"
    let slowing = SmoothSlowing(softFraction: 0.25, horizonSeconds: 5, patienceSeconds: 0)
    #expect(try BackPressure(spec: spec) == .smooth(slowing))
    #expect("\(BackPressure.smooth(slowing))" == spec)
    for (wrong, reason) in [
      ("smoth", "did you mean smooth?"), ("hard:soft=1", "unknown parameter of policy hard"),
      ("smooth:soft=2", "it must be a number in 0.0...0.95"), ("smooth:soft=nan", "number"),
      ("smooth:soft", "is not of the form key=value"),
    ] {
      let error = #expect(throws: StorageError.self) { try BackPressure(spec: wrong) }
      #expect("\(try #require(error))".contains(reason), "\(wrong)")
    }
  }
}
