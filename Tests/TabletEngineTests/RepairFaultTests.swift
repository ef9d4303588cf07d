import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Fails or cuts off operations of a repair in turn: it is done or not done, and can be run again
/// with the same end.
@Suite struct RepairFaultTests {
  private enum Damage: CaseIterable { case segments, log, inline, uniqueKeys }

  /// A damaged store, durable on a disk of its own.
  private func makeDisk(_ damage: Damage) throws -> MemoryFileSystem {
    let disk = MemoryFileSystem()
    switch damage {
    case .segments:
      try BackupTests.fill(disk, inlineBytes: 0, loads: 3, buckets: 1).store.checkpoint()
      let segments = try BackupTests.tree(disk, TestStore.path + "/data").keys.sorted()
      try BackupTests.flip(disk, segments[0], byte: 20)
      try disk.remove(segments[segments.count - 1])
    case .log:
      _ = try BackupTests.fill(disk, inlineBytes: 2000, loads: 4, buckets: 1)
      let names = try disk.listDirectory(TestStore.path + "/log")
      let log = "\(TestStore.path)/log/\(try #require(names.last))"
      let byteCount = Int(try disk.openForReading(log, cause: .tool).byteCount)
      // In the middle of what it holds.
      try BackupTests.flip(disk, log, byte: byteCount / 2)
    case .inline:
      let store = try BackupTests.fill(disk, inlineBytes: 1 << 16, loads: 2, buckets: 1).store
      try store.checkpoint()
      let names = try disk.listDirectory(TestStore.path + "/log")
      try disk.remove("\(TestStore.path)/log/\(names[0])")
    case .uniqueKeys: try damageUniqueKeys(disk)
    }
    return disk.crash(seed: 0)
  }

  /// The output of a compaction, whose rows others have changed since, and a delta.
  private func damageUniqueKeys(_ disk: MemoryFileSystem) throws {
    let shape = UniqueKeyModel.Shape(rowStore: .all, partialUpdates: .delta)
    let store = try Store.create(
      TestStore.path, files: disk, clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7,
      options: StoreOptions(inlineRowsetByteCountMax: 0, staleGraceSeconds: 1000))
    try store.createTable(UniqueKeyModel.definition(shape))
    let model = UniqueKeyModel(shape)
    var random = SeededGenerator(seed: 3)
    for number in 0..<6 {
      if number == 3 { UniqueKeyHistory.compact(store, RandomRangePolicy(seed: 1), seed: 1) }
      let load = try model.makeLoad(number, &random)
      if number % 3 == 2 {
        try store.commit(PartialKeyLoad(load, model, &random).prepare(in: store))
      } else {
        try store.load(load.batch, into: UniqueKeyModel.table)
      }
    }
    let rowsets = try store.snapshot(of: UniqueKeyModel.table).tablets[0].rowsets
    let merged = try #require(rowsets.first { $0.summary.mergeDepth > 0 }?.segments.first)
    try BackupTests.flip(disk, merged.path, byte: 20)
    let delta = try #require(rowsets.flatMap(\.deltas).last)
    try disk.remove(delta.path)
  }

  private func outcome(_ disk: MemoryFileSystem) throws -> [TestStore.Row] {
    let check = try StoreCheck(TestStore.path, files: disk).run()
    #expect(check.report.problems == [])
    let store = try TestStore.open(disk)
    return try store.snapshot().flatMap { table in
      table.definition.uniqueKeys == nil
        ? try TestStore.contents(of: store) : try UniqueKeyModel.contents(of: table)
    }
  }

  @Test(arguments: [false, true]) func repairsAreDoneOrNotDone(dies: Bool) throws {
    for (index, damage) in Damage.allCases.enumerated() {
      let base = try makeDisk(damage)
      let reference = base.crash(seed: 0)
      _ = try RepairTests.repair(reference)
      let expected = try outcome(reference)
      var failures = 0
      let steps = OperationSteps(every: 3, test: index + (dies ? 1 : 0))
      for number in steps.numbers {
        let disk = base.crash(seed: 0)
        let faulty = FaultyFileSystem(
          disk, plan: dies ? .dying(atOperation: number) : .failing(operation: number))
        var isDone = false
        do {
          let report = try RepairTests.repair(faulty)
          // A failed read of the last check is told as what is left.
          isDone = report.remaining.problems.isEmpty
        } catch {
          #expect(!faulty.injectedFaults.isEmpty)
        }
        let crashed = disk.crash(seed: UInt64(number))
        let comment: Comment = "\(damage), \(faulty.injectedFaults.prefix(1))"
        if isDone { #expect(try outcome(crashed.crash(seed: 0)) == expected, comment) }
        // Again, on a disk that works.
        let again = try RepairTests.repair(crashed)
        #expect(again.remaining.problems == [], comment)
        #expect(try outcome(crashed) == expected, comment)
        if faulty.injectedFaults.isEmpty { break }
        failures += isDone ? 0 : 1
      }
      #expect(failures > 30 / steps.step, "\(damage) has too few operations to mean anything")
    }
  }

  /// Bits that are wrong once, in memory or on the way, must not cost a row.
  @Test func unsteadyReadsRepairNothing() throws {
    let base = MemoryFileSystem()
    let rows = try BackupTests.fill(base, inlineBytes: 2000, isIndexed: true, loads: 3).rows
    var refusals = 0
    for seed in 0..<80 as Range<UInt64> {
      let disk = base.crash(seed: 0)
      let rule = FaultPlan.Rule(.bitFlip, .random(0.02), operations: [.read])
      let faulty = FaultyFileSystem(disk, plan: FaultPlan(rules: [rule], seed: seed))
      do {
        _ = try RepairTests.repair(faulty)
      } catch is StorageError {
        refusals += 1
      }
      #expect(try outcome(disk) == rows, "seed \(seed)")
    }
    #expect((1..<80).contains(refusals))
  }
}
