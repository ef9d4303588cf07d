import StorageBase
import StorageIO
import Synchronization
import Testing

@testable import TabletEngine

/// Fails or cuts off operations of a backup and of a restore in turn.
@Suite struct BackupFaultTests {
  private enum Work: CaseIterable { case link, copy, restore }

  /// Backs up, or restores, with one operation failing after the other: the source keeps every
  /// row, and the copy is whole or no store.
  @Test(arguments: [false, true]) func copiesAreWholeOrNoStores(dies: Bool) throws {
    for (index, work) in Work.allCases.enumerated() {
      let base = MemoryFileSystem()
      let rows = try BackupTests.fill(base, inlineBytes: 2000, loads: 3, buckets: 1).rows
      var failures = 0
      let steps = OperationSteps(every: 3, test: index + (dies ? 1 : 0))
      for number in steps.numbers {
        // The same files each time, all of them durable.
        let disk = base.crash(seed: 0)
        let faulty = FaultyFileSystem(disk)
        let isDone = attempt(
          work, on: faulty, dies ? .dying(atOperation: number) : .failing(operation: number))
        #expect(isDone || !faulty.injectedFaults.isEmpty)
        let comment: Comment = "\(work), \(faulty.injectedFaults.prefix(1))"
        try check(disk.crash(seed: UInt64(number)), rows, isDone: isDone, comment)
        if !dies, !isDone { try checkCleanedUp(disk, comment) }
        if faulty.injectedFaults.isEmpty { break }
        failures += isDone ? 0 : 1
      }
      #expect(failures > 30 / steps.step, "\(work) has too few operations to mean anything")
    }
  }

  private func attempt(_ work: Work, on faulty: FaultyFileSystem, _ plan: FaultPlan) -> Bool {
    do {
      switch work {
      case .restore:
        faulty.replacePlan(plan)
        try StoreRestore(TestStore.path, files: faulty).run(to: BackupTests.backup)
      case .link, .copy:
        let store = try TestStore.open(faulty)
        faulty.replacePlan(plan)
        try store.backup(to: BackupTests.backup, mode: work == .link ? .link : .copy)
      }
      return true
    } catch {
      return false
    }
  }

  private func check(
    _ disk: MemoryFileSystem, _ rows: [TestStore.Row], isDone: Bool, _ comment: Comment
  ) throws {
    let source = try TestStore.open(disk)
    #expect(try TestStore.contents(of: source) == rows, comment)
    #expect(StoreVerifier(source).run().problems == [], comment)
    let isStore = try disk.exists(BackupTests.backup + "/SEDIMENT")
    #expect(isStore || !isDone, comment)
    guard isStore else { return }
    let copy = try TestStore.open(disk, path: BackupTests.backup)
    #expect(try TestStore.contents(of: copy) == rows, comment)
    #expect(StoreVerifier(copy).run().problems == [], comment)
  }

  /// After one failure on a disk that works otherwise nothing is left in the way of another try.
  private func checkCleanedUp(_ disk: MemoryFileSystem, _ comment: Comment) throws {
    let left = try disk.exists(BackupTests.backup) ? disk.listDirectory(BackupTests.backup) : []
    #expect(left == [], comment)
  }

  /// A full disk refuses the backup and nothing else.
  @Test func aFullDiskLosesNothing() throws {
    var refusals = 0
    for budget in stride(from: 100, to: 40_000, by: 1900) {
      let disk = MemoryFileSystem()
      let rows = try BackupTests.fill(disk, inlineBytes: 2000).rows
      let faulty = FaultyFileSystem(disk)
      let isDone = attempt(.copy, on: faulty, FaultPlan(writableByteCount: UInt64(budget)))
      refusals += isDone ? 0 : 1
      try check(disk.crash(seed: UInt64(budget)), rows, isDone: isDone, "budget \(budget)")
    }
    #expect((1..<21).contains(refusals))
  }

  /// Backups one after the other while threads load, compact and sweep on real files: each has the
  /// loads up to the one it names, and no other.
  @Test func backupsUnderLoadAreOneMoment() throws {
    let directory = try ScratchDirectory()
    let files = PosixFileSystem()
    let store = try Store.create(
      directory.path + "/store", files: files, clock: SystemClock(), entropy: 7,
      options: StoreOptions(
        inlineRowsetByteCountMax: 4000, logFileByteCountMax: 50_000, staleGraceSeconds: 0))
    try store.createTable(TestStore.definition(buckets: 2))
    let pool = try WorkerPool(name: "compaction", threadCount: 1)
    let scheduler = CompactionScheduler(
      store: store, policy: EagerPolicy(threshold: 4),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: pool)])
    scheduler.start()
    let writers = try WorkerPool(name: "writers", threadCount: 3)
    let isEnding = Atomic(false)
    let loaded = Mutex<[UInt64: [TestStore.Row]]>([:])
    for writer in 0..<3 {
      writers.submit {
        do {
          var random = SeededGenerator(seed: UInt64(writer))
          for load in 0..<10_000 where !isEnding.load(ordering: .relaxed) {
            let rows = TestStore.rows(
              load: writer * 10_000 + load, count: load % 10 == 0 ? 200 : 8, random: &random)
            let receipt = try store.load(TestStore.batch(rows), into: TestStore.tableName)
            loaded.withLock { $0[receipt.sequence] = rows }
            if load % 8 == 0 { try store.sweepStaleRowsets() }
          }
        } catch {
          Issue.record("writer: \(error)")
        }
      }
    }
    var moments: [(path: String, sequence: UInt64)] = []
    for ordinal in 0..<8 {
      let path = "\(directory.path)/backup-\(ordinal)"
      do {
        let report = try store.backup(to: path, mode: ordinal % 2 == 0 ? .link : .copy)
        moments.append((path, report.commitSequence))
      } catch {
        Issue.record("backup \(ordinal): \(error)")
      }
    }
    isEnding.store(true, ordering: .relaxed)
    writers.shutdown()
    scheduler.stop(cancelRunning: false)
    pool.shutdown()
    let all = loaded.withLock { $0 }
    for (path, sequence) in moments {
      let expected = all.filter { $0.key <= sequence }.values.flatMap { $0 }
      let copy = try TestStore.open(files, path: path)
      #expect(try TestStore.contents(of: copy) == TestStore.sorted(expected), "\(path)")
      #expect(StoreVerifier(copy).run().problems == [])
    }
    #expect(Set(moments.map(\.sequence)).count > 3, "the loads stood still")
    #expect(StoreVerifier(store).run().problems == [])
  }
}
