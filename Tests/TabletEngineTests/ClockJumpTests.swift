import Glibc
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Somebody sets the clock of the machine. (Found by simulation, seed 15.)
@Suite struct ClockJumpTests {
  private static let day = 86_400.0

  private static func store(
    _ files: any FileSystem, _ clock: ManualClock, graceSeconds: Double
  ) throws -> Store {
    let store = try Store.create(
      TestStore.path, files: files, clock: clock, entropy: 7,
      options: StoreOptions(staleGraceSeconds: graceSeconds))
    try store.createTable(TestStore.definition(buckets: 1))
    return store
  }

  private static func load(_ store: Store, _ load: Int) throws {
    var random = SeededGenerator(seed: UInt64(load))
    try store.load(
      TestStore.batch(TestStore.rows(load: load, count: 5, random: &random)),
      into: TestStore.tableName)
  }

  private static func scheduler(_ store: Store, _ executor: SimulatedExecutor)
    -> CompactionScheduler
  {
    CompactionScheduler(
      store: store, policy: EagerPolicy(threshold: 1),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: executor)])
  }

  @Test func replacedRowsetsGoAfterTheClockWasSetBack() throws {
    let clock = ManualClock(Timestamp(rawValue: 1_790_000_000_000_000))
    let store = try Self.store(MemoryFileSystem(), clock, graceSeconds: 60)
    for load in 0..<3 { try Self.load(store, load) }
    let executor = SimulatedExecutor(seed: 1)
    let scheduler = Self.scheduler(store, executor)
    scheduler.start()
    executor.runAll()
    scheduler.stop(cancelRunning: false)
    // A little, as a time server does: the grace period is not cut short.
    clock.advance(bySeconds: -10)
    #expect(try store.sweepStaleRowsets() == 0)
    // By days: nobody waits as long.
    clock.advance(bySeconds: -Self.day)
    #expect(try store.sweepStaleRowsets() == 3)
  }

  /// After a failure a tablet is left alone for a second, not until a clock that was set back has
  /// caught up.
  @Test func compactionGoesOnAfterTheClockWasSetBack() throws {
    let clock = ManualClock(Timestamp(rawValue: 1_790_000_000_000_000))
    let faulty = FaultyFileSystem(MemoryFileSystem())
    let store = try Self.store(faulty, clock, graceSeconds: 60)
    let executor = SimulatedExecutor(seed: 1)
    let scheduler = Self.scheduler(store, executor)
    scheduler.start()
    let rule = FaultPlan.Rule(.error(code: EIO), .only(0), operations: [.create])
    faulty.replacePlan(FaultPlan(rules: [rule]))
    for load in 0..<3 { try Self.load(store, load) }
    executor.runAll()
    let tablet = try #require(store.snapshot().first?.tablets.first)
    #expect(tablet.state.componentCount == 3)
    #expect(faulty.injectedFaults.count == 1)
    scheduler.tick()
    executor.runAll()
    #expect(store.tablet(tablet.id)?.state.componentCount == 3, "too early")
    clock.advance(bySeconds: -Self.day)
    scheduler.tick()
    executor.runAll()
    #expect(store.tablet(tablet.id)?.state.componentCount == 1)
    scheduler.stop(cancelRunning: false)
  }
}
