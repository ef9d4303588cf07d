import Glibc
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Fails or cuts off file operations of a workload in turn, and looks at what is left.
@Suite struct CrashTests {
  /// What a client of the workload was told.
  private struct Outcome {
    var acknowledged: [TestStore.Row] = []
    var refused: [TestStore.Row] = []
    /// The rows of the load of two phases, and how far it came for certain.
    var twoPhase: [TestStore.Row] = []
    var twoPhaseState = TransactionState.prepare
  }

  private static let label = "two phases"
  private static let rowsPerLoad = 12

  /// Loads, compacts, sweeps, checkpoints, reads and starts again, whatever fails on the way.
  private func work(on files: any FileSystem, options: StoreOptions) throws -> Outcome {
    var outcome = Outcome()
    var random = SeededGenerator(seed: 11)
    outcome.twoPhase = TestStore.rows(load: 50, count: Self.rowsPerLoad, random: &random)
    do {
      let store = try TestStore.create(files, options: options, buckets: 2)
      try load(0..<6, into: store, &outcome, &random)
      let transaction = try store.begin(label: Self.label)
      try transaction.builder(for: TestStore.tableName)
        .append(TestStore.batch(outcome.twoPhase))
      try transaction.precommit()
      outcome.twoPhaseState = .precommitted
    } catch is StorageError {}
    do {
      let store = try TestStore.open(files, options: options)
      try read(store, outcome)
      if outcome.twoPhaseState == .precommitted {
        outcome.twoPhaseState = .committed
        try store.commit(label: Self.label)
        outcome.twoPhaseState = .visible
      }
      try load(6..<9, into: store, &outcome, &random)
    } catch is StorageError {}
    return outcome
  }

  private func load(
    _ loads: Range<Int>, into store: Store, _ outcome: inout Outcome,
    _ random: inout SeededGenerator
  ) throws {
    let scheduler = CompactionScheduler(
      store: store, policy: EagerPolicy(threshold: 2),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
    scheduler.start()
    defer { scheduler.stop(cancelRunning: false) }
    for load in loads {
      let rows = TestStore.rows(load: load, count: Self.rowsPerLoad, random: &random)
      do {
        try store.load(TestStore.batch(rows), into: TestStore.tableName)
        outcome.acknowledged += rows
      } catch is StorageError {
        outcome.refused += rows
      }
      guard load % 3 == 2 else { continue }
      do { try store.sweepStaleRowsets() } catch is StorageError {}
      do { try store.checkpoint() } catch is StorageError {}
    }
  }

  /// Faults may make a read fail, but never show other rows than there are.
  private func read(_ store: Store, _ outcome: Outcome) throws {
    guard !store.snapshot().isEmpty else { return }
    do {
      let found = Set(try TestStore.contents(of: store))
      #expect(found.isSuperset(of: outcome.acknowledged))
      #expect(found.isSubset(of: Set(outcome.acknowledged + outcome.refused)))
    } catch is StorageError {}
  }

  /// After a crash everything acknowledged is there once; a load that was refused is there whole
  /// or not at all; the load of two phases is where the client believes it.
  private func check(
    _ files: any FileSystem, options: StoreOptions, _ outcome: Outcome, _ comment: Comment
  ) throws {
    let isStore = try files.exists(TestStore.path + "/SEDIMENT")
    guard isStore || !outcome.acknowledged.isEmpty else { return }
    let store = try TestStore.open(files, options: options)
    guard !store.snapshot().isEmpty else {
      #expect(outcome.acknowledged.isEmpty, comment)
      return
    }
    let isDecided = try decide(store, outcome, comment)
    let found = try TestStore.contents(of: store)
    let expected = Set(outcome.acknowledged + (isDecided ? outcome.twoPhase : []))
    let foundSet = Set(found)
    #expect(foundSet.count == found.count, "a row is there twice")
    #expect(expected.isSubset(of: foundSet), comment)
    #expect(foundSet.subtracting(expected).isSubset(of: Set(outcome.refused)), comment)
    #expect(foundSet.subtracting(expected).count % Self.rowsPerLoad == 0, comment)
    #expect(StoreVerifier(store).run().problems == [], comment)
    // The store goes on.
    var random = SeededGenerator(seed: 99)
    let more = TestStore.rows(load: 100, count: 5, random: &random)
    try store.load(TestStore.batch(more), into: TestStore.tableName)
    #expect(try TestStore.contents(of: store).count == found.count + 5, comment)
  }

  /// Without its newest checkpoint a store opens to the same end.
  private func checkFallback(
    _ disk: MemoryFileSystem, options: StoreOptions, _ comment: Comment
  ) throws {
    guard try disk.exists(TestStore.path + "/SEDIMENT"),
      let checkpoint = try CheckpointFallbackTests.newestCheckpoint(disk)
    else { return }
    let copy = disk.crash(seed: 0)
    try BackupTests.flip(copy, checkpoint, byte: 40)
    let store = try TestStore.open(disk.crash(seed: 0), options: options)
    let other = try TestStore.open(copy, options: options)
    #expect(other.snapshot().count == store.snapshot().count, comment)
    guard !store.snapshot().isEmpty else { return }
    #expect(try TestStore.contents(of: other) == TestStore.contents(of: store), comment)
    #expect(logged(other) == logged(store), comment)
  }

  /// Of a load that was aborted while its rows were arriving a checkpoint alone may know.
  private func logged(_ store: Store) -> [Transaction] {
    store.allTransactions().filter { $0.state != .aborted || $0.isTwoPhase }
  }

  /// Commits the load of two phases if it can be.
  /// - Returns: whether it is visible then.
  private func decide(_ store: Store, _ outcome: Outcome, _ comment: Comment) throws -> Bool {
    let state = store.transaction(label: Self.label)?.state
    switch outcome.twoPhaseState {
    case .prepare: #expect(state == nil || state == .precommitted, comment)
    case .precommitted: #expect(state == .precommitted, comment)
    case .committed: #expect(state == .precommitted || state == .visible, comment)
    default: #expect(state == .visible, comment)
    }
    guard state != nil else { return false }
    try store.commit(label: Self.label)
    return true
  }

  private func forEachFailure(
    options: StoreOptions, crashCount: Int = 1, atLeast operationCountMin: Int = 150,
    alsoFallingBack: Bool = false, _ plan: (Int) -> FaultPlan
  ) throws {
    var last = 0
    let steps = OperationSteps(every: 5, test: crashCount + options.inlineRowsetByteCountMax % 7)
    for operation in steps.numbers {
      let memory = MemoryFileSystem()
      let faulty = FaultyFileSystem(memory, plan: plan(operation))
      let outcome = try work(on: faulty, options: options)
      if faulty.injectedFaults.isEmpty { break }
      for seed in 0..<crashCount {
        let survivor = memory.crash(seed: UInt64(operation * crashCount + seed))
        let comment: Comment = "operation \(operation), crash seed \(seed)"
        if alsoFallingBack { try checkFallback(survivor, options: options, comment) }
        try check(survivor, options: options, outcome, comment)
      }
      last = operation
    }
    #expect(last > operationCountMin, "too few operations to mean anything")
  }

  private static func options(inlineBytes: Int) -> StoreOptions {
    StoreOptions(
      inlineRowsetByteCountMax: inlineBytes, logFileByteCountMax: 4000, staleGraceSeconds: 0)
  }

  @Test(arguments: [0, 1 << 16], [EIO, ENOSPC])
  func survivesAFailureOfEveryOperation(inlineBytes: Int, code: Int32) throws {
    try forEachFailure(options: Self.options(inlineBytes: inlineBytes)) {
      .failing(operation: $0, with: .error(code: code))
    }
  }

  @Test(arguments: [0, 1 << 16], [EIO, ENOSPC])
  func survivesATornWriteAtEveryOperation(inlineBytes: Int, code: Int32) throws {
    try forEachFailure(options: Self.options(inlineBytes: inlineBytes)) {
      .failing(operation: $0, with: .tornWrite(code: code), seed: UInt64($0))
    }
  }

  @Test(arguments: [0, 1 << 16]) func survivesDyingAtEveryOperation(inlineBytes: Int) throws {
    try forEachFailure(
      options: Self.options(inlineBytes: inlineBytes), crashCount: 2, alsoFallingBack: true
    ) {
      .dying(atOperation: $0, seed: UInt64($0))
    }
  }

  @Test(arguments: [0, 1 << 16], [FaultPlan.Fault.bitFlip, .shortRead])
  func survivesDamageInEveryRead(inlineBytes: Int, fault: FaultPlan.Fault) throws {
    try forEachFailure(
      options: Self.options(inlineBytes: inlineBytes), atLeast: 40
    ) { .failing(operation: $0, with: fault, seed: UInt64($0)).countingOnly([.read]) }
  }

  /// A disk that lies about one sync of a directory may lose what was acknowledged, but whole
  /// loads of it, and the store opens or says what is wrong.
  @Test(arguments: [0, 1 << 16]) func aLostSyncOfADirectoryIsNoticedOrHarmless(
    inlineBytes: Int
  ) throws {
    let options = Self.options(inlineBytes: inlineBytes)
    var refusals = 0
    for operation in 0..<1000 {
      let memory = MemoryFileSystem()
      let plan = FaultPlan.failing(operation: operation, with: .lostSync)
        .countingOnly([.syncDirectory])
      let faulty = FaultyFileSystem(memory, plan: plan)
      let outcome = try work(on: faulty, options: options)
      guard !faulty.injectedFaults.isEmpty else {
        #expect(operation > 10)
        break
      }
      for seed in 0..<4 {
        let survivor = memory.crash(seed: UInt64(operation * 4 + seed))
        do {
          let store = try TestStore.open(survivor, options: options)
          guard !store.snapshot().isEmpty else { continue }
          let found = try TestStore.contents(of: store)
          #expect(Set(found).count == found.count, "a row is there twice")
          #expect(found.count % Self.rowsPerLoad == 0, "operation \(operation)")
          let known = outcome.acknowledged + outcome.refused + outcome.twoPhase
          #expect(Set(found).isSubset(of: Set(known)))
        } catch is StorageError {
          refusals += 1
        }
      }
    }
    #expect(refusals > 0, "no lost sync mattered")
  }

  /// The disk fills up after so many bytes, and has room again for the second process.
  @Test func aFullDiskRefusesLoadsAndLosesNothing() throws {
    var refusals = 0
    let options = Self.options(inlineBytes: 1500)
    for budget in stride(from: 500, to: 20_000, by: 250) {
      let memory = MemoryFileSystem()
      let plan = FaultPlan(writableByteCount: UInt64(budget), seed: UInt64(budget))
      let faulty = FaultyFileSystem(memory, plan: plan)
      let outcome = try work(on: faulty, options: options)
      refusals += outcome.refused.count
      try check(
        memory.crash(seed: UInt64(budget)), options: options, outcome, "budget \(budget)")
      faulty.replacePlan(.none)
      try check(faulty, options: options, outcome, "room again after \(budget)")
    }
    #expect(refusals > 0)
  }
}

extension FaultPlan {
  /// The same, counting no other operations.
  fileprivate func countingOnly(_ operations: Set<FileOperation>) -> FaultPlan {
    var plan = self
    for index in plan.rules.indices { plan.rules[index].operations = operations }
    return plan
  }
}
