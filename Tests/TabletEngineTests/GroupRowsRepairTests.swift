import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Promised rows and undecided loads where a store is damaged.
@Suite struct GroupRowsRepairTests {
  private func rows(_ load: Int, count: Int = 20) -> [TestStore.Row] {
    var random = SeededGenerator(seed: UInt64(load))
    return TestStore.rows(load: load, count: count, random: &random)
  }

  private func promise(_ load: Int, in store: Store) throws {
    _ = try store.groupLoad(TestStore.batch(rows(load)), into: TestStore.tableName, mode: .async)
  }

  /// Rows that wait in a log file which is replayed no more: it is read for them only. Checks have
  /// to look there, and a repair gives up what cannot be read instead of refusing the store.
  @Test(arguments: [false, true]) func rowsThatCannotBeReadAreTold(isMissing: Bool) throws {
    let disk = MemoryFileSystem()
    do {
      let store = try TestStore.create(disk, buckets: 2)
      try promise(0, in: store)
      for load in 1..<3 {
        try store.checkpoint()
        try promise(load, in: store)
      }
      try store.checkpoint()
    }
    var lost = [0]
    let log = TestStore.path + "/log/0000000002.log"
    if isMissing {
      try disk.remove(log)
      lost = [1]
    } else {
      let place = try #require(
        try TestStore.open(disk).groupLoads.sections.first?.records.first?.position)
      try BackupTests.flip(
        disk, TestStore.path + "/log/0000000001.log", byte: Int(place.offset) + 20)
    }
    #expect(throws: StorageError.self) { try TestStore.open(disk) }
    let check = try StoreCheck(TestStore.path, files: disk).run()
    #expect(check.report.problems.count == 1)
    #expect(check.report.problems.allSatisfy { $0.contains("promised rows \(lost[0]) of table") })
    let report = try RepairTests.repair(disk)
    #expect(report.damagedGroupRows.map(\.ordinal) == lost.map(UInt64.init))
    #expect(report.damagedGroupRows.allSatisfy { $0.table == TestStore.tableName })
    #expect(report.losesRows && !report.isEmpty && report.remaining.problems == [])
    #expect(report.lines.contains { $0.contains("a promised batch of rows is lost") })
    let kept = try disk.listDirectory(try #require(report.quarantine))
    #expect(kept.contains { $0.hasPrefix("rows-") } == !isMissing)
    let store = try TestStore.open(disk.crash(seed: 1))
    try store.flushGroupLoads()
    let expected = (0..<3).filter { !lost.contains($0) }.flatMap { rows($0) }
    #expect(try TestStore.contents(of: store) == TestStore.sorted(expected))
  }

  /// Nobody should find out at a restore.
  @Test func backupsLookAtPromisedRows() throws {
    let disk = MemoryFileSystem()
    let store = try TestStore.create(disk, buckets: 2)
    try promise(0, in: store)
    try store.checkpoint()
    let place = try #require(store.groupLoads.sections.first?.records.first?.position)
    try BackupTests.flip(
      disk, TestStore.path + "/log/0000000001.log", byte: Int(place.offset) + 20)
    #expect(throws: StorageError.self) { try store.backup(to: BackupTests.backup) }
    #expect(try disk.exists(BackupTests.backup) == false)
  }

  /// What is behind a cut is told as what it was, once; what was promised before it waits again.
  @Test func nothingBehindACutIsToldTwice() throws {
    let disk = MemoryFileSystem()
    let log = TestStore.path + "/log/0000000001.log"
    var damagedAt: UInt64 = 0
    do {
      let store = try TestStore.create(disk, options: TestStore.unreserved, buckets: 2)
      // Sets ids aside.
      _ = try store.begin(label: "early")
      try promise(0, in: store)
      damagedAt = try disk.openForReading(log, cause: .tool).byteCount
      try store.load(TestStore.batch(rows(1)), into: TestStore.tableName)
      try promise(2, in: store)
      try store.flushGroupLoads()
      for (number, label) in [(3, "commits"), (4, "aborts"), (5, "waits")] {
        let load = try store.begin(label: label)
        try load.builder(for: TestStore.tableName).append(TestStore.batch(rows(number)))
        try load.precommit()
      }
      try store.commit(label: "commits")
      try store.abort(label: "aborts")
      try promise(6, in: store)
    }
    try BackupTests.flip(disk, log, byte: Int(damagedAt) + 40)
    let report = try RepairTests.repair(disk)
    let loads = report.lostLoads
    #expect(loads.map(\.sequence) == [2, 3, nil])
    #expect(loads.map(\.label).suffix(2) == ["commits", "waits"])
    #expect(loads.map(\.waitingRowCount) == [20, 0, 0])
    #expect(loads.map(\.lostRowCount) == [20, 20, 20])
    #expect(report.lostGroupRows == 1 && report.lostGroupRowCount == 20)
    #expect(report.lines.contains { $0.contains("20 of them wait again") })
    let store = try TestStore.open(disk)
    try store.flushGroupLoads()
    #expect(try TestStore.contents(of: store) == TestStore.sorted(rows(0)))
  }
}
