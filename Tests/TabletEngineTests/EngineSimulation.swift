import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletModel

@testable import TabletEngine

/// One run of the whole engine on one thread: loads, compactions, sweeps, checkpoints, reads,
/// restarts and crashes, on a file system that fails, all chosen by one seed.
///
/// The oracle is a list of rows by what is known of their load: acknowledged ones must be there
/// once, refused ones whole or not at all.
struct EngineSimulation {
  /// What is wrong, with the step it was found in.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// What a run did: equal for equal seeds.
  struct Trace: Hashable {
    var hash: UInt64 = 0
    var loads = 0
    var refusals = 0
    var compactions = 0
    var crashes = 0
    var faults = 0

    mutating func note(_ event: String) {
      for byte in event.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
  }

  private var random: SeededGenerator
  private var disk = MemoryFileSystem()
  private var faulty: FaultyFileSystem
  private let clock = ManualClock(Timestamp(rawValue: 1_000_000))
  private let options: StoreOptions
  private let policy: EagerPolicy
  /// Whether the table has filters and inverted indexes.
  private let isIndexed: Bool
  private var store: Store?
  private var isTableAcknowledged = false
  private var nextLoad = 0
  /// By load: its rows.
  private var acknowledged: [Int: [TestStore.Row]] = [:]
  /// Loads that were refused, so that they may be there or not until somebody has looked.
  private var uncertain: [Int: [TestStore.Row]] = [:]
  private(set) var trace = Trace()

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    faulty = FaultyFileSystem(disk)
    var options = StoreOptions(staleGraceSeconds: Double(random.next() % 3))
    options.inlineRowsetByteCountMax = [0, 1500, 1 << 16][Int(random.next() % 3)]
    options.logFileByteCountMax = [3000, 20_000, 1 << 20][Int(random.next() % 3)]
    options.segmentRowCountMax = [7, 40, 1 << 20][Int(random.next() % 3)]
    options.tabletVersionCountMax = 12
    self.options = options
    policy = EagerPolicy(threshold: Int(random.next() % 6))
    isIndexed = random.next() % 3 == 0
  }

  /// Runs `stepCount` steps and then recovers once more without faults.
  mutating func run(stepCount: Int) throws -> Trace {
    for step in 0..<stepCount {
      do {
        try self.step()
      } catch let failure as Failure {
        throw Failure(description: "step \(step): \(failure)")
      }
    }
    try crash()
    faulty = FaultyFileSystem(disk)
    try openIfClosed()
    try check(isExact: true)
    if let store, isTableAcknowledged {
      let problems = StoreVerifier(store).run().problems
      guard problems.isEmpty else { throw Failure(description: "verify: \(problems)") }
    }
    return trace
  }

  private mutating func step() throws {
    clock.advance(bySeconds: Double(random.next() % 1000) / 500)
    guard store != nil else {
      try openIfClosed()
      return
    }
    switch random.next() % 16 {
    case 0..<8: load()
    case 8, 9: compact()
    case 10: attempt("sweep") { _ = try $0.sweepStaleRowsets() }
    case 11: attempt("checkpoint") { try $0.checkpoint() }
    case 12: try check(isExact: false)
    case 13: injectFaults()
    case 14: close()
    default: if random.next() % 2 == 0 { try crash() } else { close() }
    }
  }

  // MARK: What can happen

  private mutating func openIfClosed() throws {
    guard store == nil else { return }
    do {
      if try faulty.exists(TestStore.path + "/SEDIMENT") {
        store = try Store.open(TestStore.path, files: faulty, clock: clock, options: options)
      } else {
        store = try Store.create(
          TestStore.path, files: faulty, clock: clock, entropy: 7, options: options)
      }
      if let store, store.snapshot().isEmpty {
        guard !isTableAcknowledged else { throw Failure(description: "the table is gone") }
        try store.createTable(
          isIndexed
            ? TestStore.indexedDefinition(buckets: 2) : TestStore.definition(buckets: 2))
      }
      isTableAcknowledged = true
      trace.note("open")
    } catch let error as StorageError {
      // Acknowledged data must not be what stands in the way.
      if faulty.injectedFaults.isEmpty { throw Failure(description: "open: \(error)") }
      store = nil
      trace.note("open refused")
      faulty.replacePlan(.none)
      renewFaultyDisk()
    }
  }

  private mutating func load() {
    guard let store else { return }
    let rows = TestStore.rows(load: nextLoad, count: 1 + Int(random.next() % 20), random: &random)
    defer { nextLoad += 1 }
    do {
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
      acknowledged[nextLoad] = rows
      trace.loads += 1
      trace.note("load \(nextLoad)")
    } catch {
      trace.refusals += 1
      trace.note("refused \(nextLoad)")
      if case StorageError.tooManyVersions = error { return }
      uncertain[nextLoad] = rows
    }
  }

  private mutating func compact() {
    guard let store else { return }
    let executor = SimulatedExecutor(seed: random.next())
    let finished = EventCount()
    let scheduler = CompactionScheduler(
      store: store, policy: policy,
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 2, executor: executor)],
      onEvent: { finished.add($0.error == nil ? 1 : 0) })
    scheduler.start()
    // Loads may come between a pick and its end.
    while executor.runNext() {
      if random.next() % 4 == 0 { load() }
    }
    scheduler.stop(cancelRunning: false)
    trace.compactions += finished.count
    trace.note("compacted \(finished.count)")
  }

  private mutating func attempt(_ name: String, _ body: (Store) throws -> Void) {
    guard let store else { return }
    do {
      try body(store)
      trace.note(name)
    } catch {
      trace.note("\(name) failed")
    }
  }

  private mutating func injectFaults() {
    let kinds: [FaultPlan.Fault] = [
      .error(code: 5), .tornWrite(code: 5), .bitFlip, .shortRead, .error(code: 28),
    ]
    let rule = FaultPlan.Rule(
      kinds[Int(random.next() % UInt64(kinds.count))],
      .random(Double(random.next() % 8) / 100))
    faulty.replacePlan(FaultPlan(rules: [rule], seed: random.next()))
    trace.note("faults \(rule.fault)")
  }

  /// A clean end of the process: what the file system has, synced or not, stays.
  private mutating func close() {
    store = nil
    trace.note("close")
  }

  /// Power loss: what was not synced may be gone, torn, or there.
  private mutating func crash() throws {
    store = nil
    trace.crashes += 1
    trace.faults += faulty.injectedFaults.count
    disk = disk.crash(seed: random.next())
    faulty = FaultyFileSystem(disk)
    trace.note("crash")
  }

  /// Starts counting injected faults anew.
  private mutating func renewFaultyDisk() {
    trace.faults += faulty.injectedFaults.count
    faulty = FaultyFileSystem(disk)
  }

  // MARK: The oracle

  /// - Parameter isExact: whether no fault can excuse a read that fails.
  private mutating func check(isExact: Bool) throws {
    guard let store, isTableAcknowledged else { return }
    let found: [TestStore.Row]
    do {
      found = try TestStore.contents(of: store)
    } catch {
      guard !isExact else { throw Failure(description: "read: \(error)") }
      trace.note("read failed")
      return
    }
    trace.note("read \(found.count)")
    var byLoad: [Int: [TestStore.Row]] = [:]
    for row in found {
      guard case .string(let note) = row[4],
        let load = Int(note.split(separator: " ").dropFirst().first ?? "")
      else { throw Failure(description: "a row that nobody wrote: \(row)") }
      byLoad[load, default: []].append(row)
    }
    for (load, rows) in acknowledged where TestStore.sorted(rows) != byLoad[load] ?? [] {
      throw Failure(
        description: "load \(load): \(rows.count) rows acknowledged, "
          + "\(byLoad[load]?.count ?? 0) found")
    }
    for (load, rows) in byLoad where acknowledged[load] == nil {
      guard let expected = uncertain[load] else {
        throw Failure(description: "load \(load) was refused for good and is there")
      }
      guard rows == TestStore.sorted(expected) else {
        throw Failure(description: "load \(load) is there in part")
      }
    }
    // What recovery has decided holds from now on; before a restart a refused load is not visible.
    guard isExact else { return }
    for (load, rows) in uncertain where byLoad[load] != nil { acknowledged[load] = rows }
    uncertain.removeAll()
  }
}

/// A number that callbacks add to.
private final class EventCount: @unchecked Sendable {
  private(set) var count = 0
  func add(_ number: Int) { count += number }
}
