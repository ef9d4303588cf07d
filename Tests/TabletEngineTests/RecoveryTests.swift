import Glibc
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

@Suite struct RecoveryTests {

  /// A load whose sync failed may turn up when the store is opened again. Once it has, no crash
  /// may take it away: something may already have been done because of it.
  @Test(arguments: 0..<20) func whatRecoveryHasShownStays(seed: UInt64) throws {
    let disk = MemoryFileSystem()
    var random = SeededGenerator(seed: seed)
    let rows = TestStore.rows(load: 0, count: 5, random: &random)
    do {
      let faulty = FaultyFileSystem(disk)
      let store = try TestStore.create(faulty)
      // The first one of a store sets ids aside, which is a sync of its own.
      _ = try store.begin()
      faulty.replacePlan(
        FaultPlan(rules: [FaultPlan.Rule(.error(code: EIO), .only(0), operations: [.sync])]))
      #expect(throws: StorageError.self) {
        try store.load(TestStore.batch(rows), into: TestStore.tableName)
      }
      // Nobody knows what is on disk now, so nothing more is accepted.
      #expect(throws: StorageError.self) {
        try store.load(TestStore.batch(rows), into: TestStore.tableName)
      }
    }
    let shown: Int
    do { shown = try TestStore.contents(of: TestStore.open(disk)).count }
    #expect(shown == 5)
    let afterCrash = try TestStore.open(disk.crash(seed: seed))
    #expect(try TestStore.contents(of: afterCrash).count == shown)
  }

  /// A disk that inverts a bit while the log is read must not make acknowledged loads look like
  /// the torn end of a log, which is cut off.
  @Test func readErrorsAreNotTakenForATornEnd() throws {
    let disk = MemoryFileSystem()
    var random = SeededGenerator(seed: 1)
    do {
      let store = try TestStore.create(disk)
      for load in 0..<3 {
        let rows = TestStore.rows(load: load, count: 5, random: &random)
        try store.load(TestStore.batch(rows), into: TestStore.tableName)
      }
    }
    var refusals = 0
    for seed in 0..<200 {
      let rule = FaultPlan.Rule(.bitFlip, .random(0.3), operations: [.read])
      let faulty = FaultyFileSystem(disk, plan: FaultPlan(rules: [rule], seed: UInt64(seed)))
      do { _ = try TestStore.open(faulty) } catch is StorageError { refusals += 1 }
      #expect(try TestStore.contents(of: TestStore.open(disk)).count == 15, "seed \(seed)")
    }
    #expect((1..<200).contains(refusals))
  }

  /// Rows that lie in the log are those whose checksum was found right when it was replayed: a disk
  /// that inverts a bit in any one read leaves no store open that holds others.
  @Test func rowsInTheLogAreThoseThatWereChecked() throws {
    let disk = MemoryFileSystem()
    var random = SeededGenerator(seed: 1)
    var rows: [TestStore.Row] = []
    do {
      let store = try TestStore.create(disk)
      for load in 0..<6 {
        let own = TestStore.rows(load: load, count: 5, random: &random)
        try store.load(TestStore.batch(own), into: TestStore.tableName)
        rows += own
      }
    }
    for number in 0... {
      let survivor = disk.crash(seed: 1)
      let rule = FaultPlan.Rule(.bitFlip, .only(number), operations: [.read])
      let faulty = FaultyFileSystem(survivor, plan: FaultPlan(rules: [rule], seed: 3))
      do {
        let store = try TestStore.open(faulty)
        #expect(StoreVerifier(store).run().problems == [], "read \(number)")
        #expect(try TestStore.contents(of: store) == TestStore.sorted(rows), "read \(number)")
      } catch is StorageError {}
      if faulty.injectedFaults.isEmpty { return }
    }
  }

  /// A checkpoint that cannot be read once is passed over, and the log before it replayed. What is
  /// acknowledged then must not go where nobody looks who can read the checkpoint again.
  /// (Simulation seed 1485.)
  @Test func loadsAfterACheckpointThatCouldNotBeReadAreKept() throws {
    let disk = MemoryFileSystem()
    var random = SeededGenerator(seed: 1)
    do {
      let store = try TestStore.create(disk)
      try store.load(
        TestStore.batch(TestStore.rows(load: 0, count: 5, random: &random)),
        into: TestStore.tableName)
      try store.checkpoint()
    }
    do {
      let rule = FaultPlan.Rule(
        .error(code: EIO), .only(0), operations: [.openForReading], pathPart: ".ckpt")
      let faulty = FaultyFileSystem(disk, plan: FaultPlan(rules: [rule]))
      let store = try TestStore.open(faulty)
      #expect(faulty.injectedFaults.count == 1)
      try store.load(
        TestStore.batch(TestStore.rows(load: 1, count: 5, random: &random)),
        into: TestStore.tableName)
    }
    #expect(try TestStore.contents(of: TestStore.open(disk)).count == 10)
  }

  /// The name of a new store is made durable last. Where that failed, the store may still be there
  /// to be opened, and then a crash must not take away what it acknowledges. (Seed 5420.)
  @Test func aStoreWhoseCreationFailedLateIsDurableOnceOpened() throws {
    var reopened = 0
    for operation in 0..<40 {
      let disk = MemoryFileSystem()
      let faulty = FaultyFileSystem(disk, plan: .failing(operation: operation))
      do { _ = try TestStore.create(faulty) } catch is StorageError {}
      faulty.replacePlan(.none)
      guard try disk.exists(TestStore.path + "/SEDIMENT") else { continue }
      do { _ = try TestStore.open(faulty) }
      reopened += 1
      for seed in 0..<20 as Range<UInt64> {
        #expect(
          try disk.crash(seed: seed).exists(TestStore.path + "/SEDIMENT"),
          "operation \(operation), crash seed \(seed)")
      }
    }
    #expect(reopened > 1)
  }

  /// As before, but with another attempt to create it.
  @Test func aStoreCreatedAgainIsDurable() throws {
    for operation in 0..<40 {
      let disk = MemoryFileSystem()
      let faulty = FaultyFileSystem(disk, plan: .failing(operation: operation))
      do { _ = try TestStore.create(faulty) } catch is StorageError {}
      faulty.replacePlan(.none)
      guard try !disk.exists(TestStore.path + "/SEDIMENT") else { continue }
      do { _ = try TestStore.create(faulty) }
      for seed in 0..<20 as Range<UInt64> {
        let survivor = disk.crash(seed: seed)
        let comment: Comment = "operation \(operation), crash seed \(seed)"
        try #require(try survivor.exists(TestStore.path + "/SEDIMENT"), comment)
        #expect(try TestStore.open(survivor).snapshot().count == 1, comment)
      }
    }
  }

  /// A load that is refused while the store goes on never was: not now, and not after a crash at
  /// any time, whether something was committed over its place or not.
  @Test(arguments: [EIO, ENOSPC], [false, true])
  func aLoadThatIsRefusedNeverWas(code: Int32, isFollowed: Bool) throws {
    for seed in 0..<40 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let disk = MemoryFileSystem()
      let faulty = FaultyFileSystem(disk)
      let refused = TestStore.rows(load: 0, count: 9, random: &random)
      let followers = TestStore.rows(load: 1, count: 3, random: &random)
      do {
        let store = try TestStore.create(faulty)
        _ = try store.begin()
        let rule = FaultPlan.Rule(
          .tornWrite(code: code), .only(0), operations: [.append], pathPart: ".log")
        faulty.replacePlan(FaultPlan(rules: [rule], seed: seed))
        #expect(throws: StorageError.self) {
          try store.load(TestStore.batch(refused), into: TestStore.tableName, label: "refused")
        }
        #expect(store.transaction(label: "refused")?.state == .aborted)
        if isFollowed {
          try store.load(TestStore.batch(followers), into: TestStore.tableName)
        }
      }
      let expected = isFollowed ? TestStore.sorted(followers) : []
      for survivor in [disk, disk.crash(seed: seed), disk.crash(seed: seed + 1000)] {
        let store = try TestStore.open(survivor)
        #expect(try TestStore.contents(of: store) == expected, "seed \(seed)")
        #expect(store.transaction(label: "refused") == nil, "seed \(seed)")
      }
    }
  }

  /// A frame that could not be appended whole is cut off. It must not come back once the log goes
  /// on in another file: damage in the middle of the log is what it would look like. (Seed 3884.)
  @Test func aFrameThatWasCutOffDoesNotComeBack() throws {
    var random = SeededGenerator(seed: 2)
    let disk = MemoryFileSystem()
    let faulty = FaultyFileSystem(disk)
    let store = try TestStore.create(faulty)
    let rule = FaultPlan.Rule(
      .tornWrite(code: ENOSPC), .only(0), operations: [.append], pathPart: ".log")
    faulty.replacePlan(FaultPlan(rules: [rule], seed: 3))
    let refused = TestStore.rows(load: 0, count: 9, random: &random)
    #expect(throws: StorageError.self) {
      try store.load(TestStore.batch(refused), into: TestStore.tableName)
    }
    let begin = FaultPlan.Rule(
      .error(code: ENOSPC), .only(0), operations: [.append], pathPart: ".ckpt")
    faulty.replacePlan(FaultPlan(rules: [begin]))
    #expect(throws: StorageError.self) { try store.checkpoint() }
    let rows = TestStore.rows(load: 1, count: 5, random: &random)
    try store.load(TestStore.batch(rows), into: TestStore.tableName)
    for seed in 0..<40 as Range<UInt64> {
      let survivor = try TestStore.open(disk.crash(seed: seed))
      #expect(try TestStore.contents(of: survivor) == TestStore.sorted(rows), "seed \(seed)")
    }
  }
}
