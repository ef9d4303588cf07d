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
}
