import CompactionPolicies
import StorageBase
import StorageIO
import Synchronization
import TabletModel
import Testing

@testable import TabletEngine

/// The scheduler of the engine under the rules that the simulator has too.
@Suite struct SchedulerRulesTests {
  private static let schedulers = [
    "fair", "single", "greedy:cumulative=2,base=2", "doris:scan_s=1", "doris-1.0",
    "fair:slots=2,reserve=true,permits=6,priority=score", "single:rounds=2,publish=3,scan_s=5",
    "doris:large_mib=0,permits=3,rounds=1,slots=2,publish=2",
  ]
  private static let policies = [
    "gradient:min_deltas=2,promotion_min_size_mbytes=1,base_min_rowset_num=1", "num-based",
    "tiered:t=2", "full:k=2", "clickhouse", "unified:w=2",
  ]

  /// Whatever the rules and the order of things: no limit is passed, and when the scheduler rests
  /// the policy wants nothing of any tablet.
  @Test(arguments: schedulers, policies)
  func nothingIsLeftUndone(spec: String, policy: String) throws {
    let rules = try ConfiguredScheduler(spec: spec).rules
    let policy = try PolicyCatalogue.shipped.policy(policy).policy
    for seed in 0..<3 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let clock = ManualClock(Timestamp(rawValue: 1_000_000))
      let store = try Store.create(
        TestStore.path, files: MemoryFileSystem(), clock: clock, entropy: 7)
      try store.createTable(TestStore.definition(buckets: 4))
      let executor = SimulatedExecutor(seed: random.next())
      let scheduler = CompactionScheduler(
        store: store, policy: policy, rules: rules, executors: rules.pools.map { _ in executor },
        seed: seed,
        onEvent: { event in
          if let error = event.error { Issue.record("\(error)") }
        }, onRefusal: { Issue.record("refused: \($0)") })
      scheduler.start()
      for load in 0..<12 {
        let rows = TestStore.rows(load: load, count: 8, random: &random)
        try store.load(TestStore.batch(rows), into: TestStore.tableName)
        for _ in 0..<random.next() % 4 {
          executor.runNext()
          expectLimits(scheduler, rules)
        }
        if random.next() % 3 == 0 { scheduler.tick() }
      }
      var rounds = 0
      while !scheduler.isQuiescent, rounds < 1000 {
        executor.runAll()
        clock.advance(bySeconds: 0.5)
        scheduler.tick()
        rounds += 1
      }
      #expect(rounds < 1000, "it never rests")
      for tablet in store.snapshot().flatMap(\.tablets) {
        let decision = policy.decide(
          tablet.state.facts(
            now: clock.now(), allowedKinds: Set(CompactionKind.allCases), inFlight: [],
            keysModel: .duplicate, entropy: 0))
        if case .compact(let picks, let reason) = decision {
          Issue.record("\(picks) of tablet \(tablet.id) were left: \(reason)")
        }
      }
      scheduler.stop(cancelRunning: false)
    }
  }

  private func expectLimits(_ scheduler: CompactionScheduler, _ rules: SchedulingRules) {
    let running = scheduler.state.withLock { $0.running }
    #expect(running.count <= rules.slotCountMax ?? .max)
    for pool in rules.pools { #expect(running.count(of: pool.kinds) <= pool.slotCount) }
    if let permits = rules.permitCount { #expect(running.count == 1 || running.score <= permits) }
  }

  /// Without a trigger loads are found by the next scan; with one after every third, at once then.
  @Test func triggersAndScans() throws {
    for (spec, triggered) in [("single:publish=0,scan_s=2", [Int]()), ("doris:publish=3", [3, 6])] {
      let rules = try ConfiguredScheduler(spec: spec).rules
      let clock = ManualClock(Timestamp(rawValue: 1_000_000))
      let store = try Store.create(
        TestStore.path, files: MemoryFileSystem(), clock: clock, entropy: 7)
      try store.createTable(TestStore.definition(buckets: 1))
      let policy = AskedPolicy()
      let scheduler = CompactionScheduler(
        store: store, policy: policy, rules: rules,
        executors: rules.pools.map { _ in InlineExecutor() })
      scheduler.start()
      #expect(policy.askedCount == 1, "at the start")
      var random = SeededGenerator(seed: 1)
      var asked: [Int] = []
      for load in 1...7 {
        let before = policy.askedCount
        let rows = TestStore.rows(load: load, count: 1, random: &random)
        try store.load(TestStore.batch(rows), into: TestStore.tableName)
        scheduler.tick()
        if policy.askedCount > before { asked.append(load) }
      }
      #expect(asked == triggered, "\(spec)")
      #expect(!scheduler.isQuiescent, "the last loads are still to be looked at")
      let before = policy.askedCount
      clock.advance(bySeconds: 2.1)
      scheduler.tick()
      #expect(policy.askedCount == before + 1 && scheduler.isQuiescent)
      scheduler.tick()
      #expect(policy.askedCount == before + 1)
      scheduler.stop(cancelRunning: false)
    }
  }

  /// A bandwidth makes jobs wait, on the clock of the store, and changes nothing else.
  @Test(arguments: ["fair", "greedy"]) func bandwidthIsKept(sharing: String) throws {
    let rules = try ConfiguredScheduler(spec: "\(sharing):bandwidth_mib_s=0.01").rules
    let clock = ManualClock(Timestamp(rawValue: 1_000_000))
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: clock, entropy: 7)
    try store.createTable(TestStore.definition(buckets: 2))
    var random = SeededGenerator(seed: 1)
    for load in 0..<3 {
      let rows = TestStore.rows(load: load, count: 200, random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
    }
    let contents = try TestStore.contents(of: store)
    let bytes = Mutex(0)
    let scheduler = CompactionScheduler(
      store: store, policy: try PolicyCatalogue.shipped.policy("full").policy, rules: rules,
      executors: rules.pools.map { _ in InlineExecutor() },
      onEvent: { event in bytes.withLock { $0 += event.inputByteCount } })
    let start = clock.now()
    scheduler.start()
    let expected = 2 * Double(bytes.withLock { $0 }) / rules.bandwidth
    let seconds = clock.now().seconds(since: start)
    #expect(seconds > 0.8 * expected - 0.5 && seconds < 1.2 * expected + 0.5 && expected > 1)
    #expect(try TestStore.contents(of: store) == contents)
    #expect(scheduler.isQuiescent)
    scheduler.stop(cancelRunning: false)
  }

  /// While a thread rests loads wake none, and are seen when it has rested; whatever else happens
  /// is looked at by another thread at once.
  @Test func loadsWakeNobodyDuringARest() throws {
    let files = MemoryFileSystem()
    let clock = BusyClock()
    let store = try Store.create(TestStore.path, files: files, clock: clock, entropy: 7)
    try store.createTable(TestStore.definition(buckets: 1))
    let tablet = try #require(store.snapshot().first?.tablets.first?.id)
    let load: @Sendable () throws -> Void = {
      var random = SeededGenerator(seed: 1)
      let rows = TestStore.rows(load: 1, count: 5, random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
    }
    let executor = SimulatedExecutor(seed: 1)
    let policy = AskedPolicy()
    let rules = SchedulingRules()
    let scheduler = CompactionScheduler(
      store: store, policy: policy, rules: rules, executors: rules.pools.map { _ in executor },
      restSeconds: 0.001)
    scheduler.start()
    clock.during {
      for _ in 0..<3 { try load() }
      #expect(executor.pendingCount == 0 && !scheduler.isQuiescent)
    }
    executor.runNext()
    #expect(policy.askedCount == 2 && scheduler.isQuiescent && executor.pendingCount == 0)
    try load()
    #expect(executor.pendingCount == 1)
    clock.during {
      scheduler.reconsider([tablet])
      #expect(executor.pendingCount == 1)
    }
    executor.runNext()
    #expect(policy.askedCount == 3)
    executor.runAll()
    #expect(policy.askedCount == 4 && scheduler.isQuiescent)
    scheduler.stop(cancelRunning: false)
  }

  /// What has been chosen and not begun when the scheduler is stopped never runs.
  @Test func stopping() throws {
    let files = MemoryFileSystem()
    let store = try TestStore.create(files, buckets: 1)
    var random = SeededGenerator(seed: 1)
    for load in 0..<3 {
      let rows = TestStore.rows(load: load, count: 5, random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
    }
    let executor = SimulatedExecutor(seed: 1)
    let rules = SchedulingRules()
    let scheduler = CompactionScheduler(
      store: store, policy: try PolicyCatalogue.shipped.policy("full").policy, rules: rules,
      executors: rules.pools.map { _ in executor })
    scheduler.start()
    executor.runNext()
    #expect(scheduler.runningCount == 1 && executor.pendingCount == 1)
    scheduler.stop(cancelRunning: false)
    executor.runAll()
    #expect(scheduler.runningCount == 0)
    #expect(store.snapshot().first?.tablets.first?.state.componentCount == 3)
  }
}

/// A clock that does something while somebody pauses.
private final class BusyClock: TimeSource {
  private let clock = ManualClock(Timestamp(rawValue: 1_000_000))
  private let work = Mutex<@Sendable () throws -> Void>({})

  /// - Parameter work: done during the next pause.
  func during(_ work: @escaping @Sendable () throws -> Void) {
    self.work.withLock { $0 = work }
  }

  func now() -> Timestamp { clock.now() }

  func pause(seconds: Double) {
    let work = work.withLock { work in
      defer { work = {} }
      return work
    }
    do { try work() } catch { Issue.record(error) }
    clock.advance(bySeconds: seconds)
  }
}

/// Counts how often it is asked, and wants nothing.
private final class AskedPolicy: CompactionPolicy {
  private let count = Atomic<Int>(0)
  var askedCount: Int { count.load(ordering: .relaxed) }

  var designPoint: DesignPoint {
    DesignPoint(trigger: "never", layout: "n/a", granularity: "n/a", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    count.add(1, ordering: .relaxed)
    return .wait(until: nil, because: "it only counts")
  }
}
