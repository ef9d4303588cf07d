import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

@Suite struct RepairTests {
  private static let clock = ManualClock(Timestamp(rawValue: 3_000_000))

  static func repair(_ files: any FileSystem) throws -> RepairReport {
    try StoreRepair(TestStore.path, files: files, clock: clock).run()
  }

  /// A closed store, durable on a disk of its own.
  private func makeDisk(
    inlineBytes: Int = 0, isIndexed: Bool = false
  ) throws -> (disk: MemoryFileSystem, rows: [TestStore.Row]) {
    let disk = MemoryFileSystem()
    let rows = try BackupTests.fill(disk, inlineBytes: inlineBytes, isIndexed: isIndexed).rows
    return (disk.crash(seed: 0), rows)
  }

  private func segments(
    _ disk: MemoryFileSystem, where isWanted: (Rowset, _ isStale: Bool) -> Bool
  ) throws -> [(path: String, rowset: Rowset)] {
    let store = try TestStore.open(disk)
    return store.snapshot().flatMap(\.tablets).flatMap { tablet in
      tablet.rowsets.filter { isWanted($0, false) }
        + tablet.stale.values.sorted { $0.id < $1.id }.filter { isWanted($0, true) }
    }.flatMap { rowset in rowset.segments.map { ($0.path, rowset) } }
  }

  private func expectSound(_ disk: MemoryFileSystem, _ rows: [TestStore.Row]) throws {
    let check = try StoreCheck(TestStore.path, files: disk).run()
    #expect(check.report.problems == [])
    let store = try TestStore.open(disk.crash(seed: 3))
    #expect(try TestStore.contents(of: store) == rows)
    var random = SeededGenerator(seed: 77)
    let more = TestStore.rows(load: 90, count: 20, random: &random)
    try store.load(TestStore.batch(more), into: TestStore.tableName)
    BackupTests.compact(store, threshold: 0)
    #expect(try TestStore.contents(of: store) == TestStore.sorted(rows + more))
  }

  @Test func aSoundStoreIsLeftAlone() throws {
    let (disk, rows) = try makeDisk(inlineBytes: 2000)
    let before = try BackupTests.tree(disk, TestStore.path)
    let report = try Self.repair(disk)
    #expect(report.isEmpty && report.quarantine == nil && report.lines == [])
    #expect(try BackupTests.tree(disk, TestStore.path) == before)
    try expectSound(disk, rows)
  }

  /// Checking without repairing changes nothing, whatever is found.
  @Test func verifyChangesNothing() throws {
    let (disk, _) = try makeDisk()
    let victim = try #require(try segments(disk) { _, isStale in !isStale }.first)
    try BackupTests.flip(disk, victim.path, byte: 20)
    _ = try disk.create("\(TestStore.path)/data/1/999-0.seg", cause: .tool)
    let log = try #require(try disk.listDirectory(TestStore.path + "/log").last)
    try disk.openForAppending("\(TestStore.path)/log/\(log)", cause: .tool).append([1, 2, 3])
    let before = try BackupTests.tree(disk, TestStore.path)
    let check = try StoreCheck(TestStore.path, files: disk).run()
    #expect(check.report.problems.contains { $0.contains(victim.path) })
    #expect(check.recovery.tornByteCount == 3)
    #expect(check.orphanCount == 1)
    #expect(try BackupTests.tree(disk, TestStore.path) == before)
  }

  /// The output of a compaction is gone, its inputs are not: nothing is lost.
  @Test func damagedOutputsGiveWayToTheirInputs() throws {
    let (disk, rows) = try makeDisk()
    let victim = try #require(
      try segments(disk) { rowset, _ in rowset.summary.mergeDepth > 0 }.first)
    try disk.remove(victim.path)
    let report = try Self.repair(disk)
    #expect(report.rowsets.map(\.remedy) == [.inputsReinstated])
    #expect(report.lostRowCount == 0)
    #expect(report.remaining.problems == [])
    try expectSound(disk, rows)
  }

  /// Without them, the rows of the pages that are whole stay.
  @Test func wholePagesAreSaved() throws {
    let (disk, rows) = try makeDisk(isIndexed: true)
    let victim = try #require(
      try segments(disk) { rowset, isStale in
        !isStale && rowset.summary.mergeDepth == 0 && rowset.summary.rowCount > 20
      }.first)
    let before = try TestStore.rows(of: victim.rowset.segments)
    try BackupTests.flip(disk, victim.path, byte: 20)
    let report = try Self.repair(disk)
    let damaged = try #require(report.rowsets.first)
    #expect(report.rowsets.count == 1)
    #expect(damaged.remedy == .partlySaved)
    // The first page of the first segment.
    #expect(damaged.lostRowCount == 16)
    #expect(damaged.rowCount == before.count)
    #expect(damaged.table == TestStore.tableName)
    #expect(damaged.versions == victim.rowset.summary.versions)
    #expect(damaged.problems.count == 1 && damaged.problems[0].contains(victim.path))
    var expected = rows
    for row in before.prefix(16) {
      expected.remove(at: try #require(expected.firstIndex(of: row)))
    }
    try expectSound(disk, expected)
    // What was taken out is there, with a page that says why.
    let kept = try #require(damaged.keptFiles.first)
    #expect(try disk.exists(kept))
    let text = try BackupTests.tree(disk, TestStore.path + "/quarantine")
      .first { $0.key.hasSuffix("report.txt") }
    #expect(String(decoding: try #require(text).value, as: UTF8.self).contains("16 of"))
    #expect(try disk.exists(victim.path) == false)
  }

  @Test func damagedFootersLoseTheirSegment() throws {
    let (disk, _) = try makeDisk()
    let victim = try #require(
      try segments(disk) { rowset, isStale in
        !isStale && rowset.summary.mergeDepth == 0 && rowset.summary.segmentCount == 1
      }.first)
    let byteCount = Int(try disk.openForReading(victim.path, cause: .tool).byteCount)
    try BackupTests.flip(disk, victim.path, byte: byteCount - 9)
    let report = try Self.repair(disk)
    #expect(report.rowsets.map(\.remedy) == [.lost])
    #expect(report.lostRowCount == victim.rowset.summary.rowCount)
    #expect(report.remaining.problems == [])
  }

  /// Indexes and filters can be made anew.
  @Test func damagedIndexesLoseNothing() throws {
    let (disk, rows) = try makeDisk(isIndexed: true)
    let victim = try #require(
      try segments(disk) { rowset, isStale in !isStale && rowset.summary.mergeDepth == 0 }.first)
    let reader = try victim.rowset.segments[0].reader()
    let index = try #require(reader.invertedIndex(ofColumn: 4))
    try BackupTests.flip(disk, victim.path, byte: Int(index.range.lowerBound) + 3)
    let report = try Self.repair(disk)
    #expect(report.rowsets.map(\.remedy) == [.rewritten])
    #expect(report.lostRowCount == 0)
    try expectSound(disk, rows)
  }

  @Test func damagedStaleRowsetsAreDropped() throws {
    let (disk, rows) = try makeDisk()
    let victim = try #require(try segments(disk) { _, isStale in isStale }.first)
    try disk.remove(victim.path)
    let report = try Self.repair(disk)
    #expect(report.rowsets.map(\.remedy) == [.dropped])
    #expect(report.lostRowCount == 0)
    try expectSound(disk, rows)
  }

  /// A log file that only inline rowsets need is gone: the store was refused, and is not any more.
  @Test func lostInlineRowsetsAreToldAndForgotten() throws {
    let (disk, rows) = try makeDisk(inlineBytes: 2000)
    let inline = try segments(disk) { rowset, isStale in
      !isStale && rowset.segments.contains(where: \.isInline)
    }
    let newest = try #require(try disk.listDirectory(TestStore.path + "/log").last)
    let log = try #require(
      inline.map { String($0.path.prefix { $0 != "@" }) }.first { !$0.hasSuffix(newest) })
    let lost = inline.filter { $0.path.hasPrefix(log) }.map(\.rowset.summary.rowCount).reduce(0, +)
    try disk.remove(log)
    #expect(throws: StorageError.self) { try TestStore.open(disk) }
    let report = try Self.repair(disk)
    #expect(report.lostRowCount == lost)
    #expect(report.remaining.rows <= rows.count - lost + 200)
    let store = try TestStore.open(disk)
    #expect(try TestStore.contents(of: store).count == rows.count - lost)
  }

  /// A log damaged in the middle is cut; what was behind is told load by load.
  @Test func damagedLogsAreCut() throws {
    let disk = MemoryFileSystem()
    var rows: [[TestStore.Row]] = []
    var ends: [UInt64] = []
    let log = TestStore.path + "/log/0000000001.log"
    do {
      let store = try TestStore.create(disk, options: TestStore.unreserved, buckets: 1)
      var random = SeededGenerator(seed: 4)
      for load in 0..<8 {
        rows.append(TestStore.rows(load: load, count: 10 + load, random: &random))
        try store.load(
          TestStore.batch(rows[load]), into: TestStore.tableName, label: "label \(load)")
        ends.append(try disk.openForReading(log, cause: .tool).byteCount)
      }
    }
    try BackupTests.flip(disk, log, byte: Int(ends[3]) + 40)
    #expect(throws: StorageError.self) { try TestStore.open(disk) }
    let report = try Self.repair(disk)
    #expect(report.logDamage != nil)
    #expect(report.lastCommitSequence == 4)
    #expect(report.lostLoads.map(\.sequence) == [6, 7, 8])
    #expect(report.lostLoads.map(\.label) == ["label 5", "label 6", "label 7"])
    #expect(report.lostLoads.map { $0.rows.values.reduce(0, +) } == [15, 16, 17])
    #expect(report.remaining.problems == [])
    try expectSound(disk, TestStore.sorted(rows[..<4].flatMap { $0 }))
  }

  /// Compactions and sweeps behind the damage are kept: the files of their inputs are gone.
  @Test func compactionsBehindTheDamageAreKept() throws {
    let disk = MemoryFileSystem()
    let log = TestStore.path + "/log/0000000001.log"
    var rows: [TestStore.Row] = []
    var damagedAt: UInt64 = 0
    do {
      var options = TestStore.unreserved
      options.inlineRowsetByteCountMax = 0
      options.staleGraceSeconds = 0
      let store = try TestStore.create(disk, options: options, buckets: 2)
      try store.createTable(
        TableDefinition(name: "other", schema: TestStore.schema(), bucketCount: 1))
      var random = SeededGenerator(seed: 4)
      for load in 0..<4 {
        let own = TestStore.rows(load: load, count: 10, random: &random)
        try store.load(TestStore.batch(own), into: TestStore.tableName)
        rows += own
      }
      damagedAt = try disk.openForReading(log, cause: .tool).byteCount
      let own = TestStore.rows(load: 9, count: 10, random: &random)
      try store.load(TestStore.batch(own), into: "other")
      BackupTests.compact(store)
      try store.sweepStaleRowsets()
    }
    try BackupTests.flip(disk, log, byte: Int(damagedAt) + 30)
    let report = try Self.repair(disk)
    #expect(report.keptChanges > 2)
    #expect(report.lostRowCount == 0 && report.rowsets.isEmpty)
    try expectSound(disk, TestStore.sorted(rows))
    // The load that was cut off: its file is kept.
    let kept = try disk.listDirectory(try #require(report.quarantine))
    #expect(kept.contains { $0.hasPrefix("data-") })
  }

  /// Without any checkpoint the old log files look like a log with holes: cutting that would throw
  /// everything away.
  @Test func whatCannotBeRepairedIsLeftAlone() throws {
    for isMissing in [false, true] {
      let (disk, _) = try makeDisk(inlineBytes: 2000)
      do {
        let store = try TestStore.open(disk)
        for _ in 0..<2 { try store.checkpoint() }
      }
      let checkpoints = TestStore.path + "/checkpoint/"
      let names = try disk.listDirectory(checkpoints)
      #expect(names.count == 2)
      for name in names {
        if isMissing {
          try disk.remove(checkpoints + name)
        } else {
          try BackupTests.flip(disk, checkpoints + name, byte: 50)
        }
      }
      let before = try BackupTests.tree(disk, TestStore.path)
      let error = #expect(throws: StorageError.self) { try Self.repair(disk) }
      #expect("\(try #require(error))".contains("restore a backup"))
      #expect(try BackupTests.tree(disk, TestStore.path) == before)
    }
  }

  /// An older checkpoint and all log files since: the damaged newest one is not needed.
  @Test func anOlderCheckpointServes() throws {
    let disk = MemoryFileSystem()
    var random = SeededGenerator(seed: 4)
    let rows = TestStore.rows(load: 0, count: 30, random: &random)
    do {
      let store = try TestStore.create(disk, buckets: 1)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
      try store.checkpoint()
    }
    try BackupTests.flip(disk, TestStore.path + "/checkpoint/0000000002.ckpt", byte: 50)
    let report = try Self.repair(disk)
    #expect(report.damagedCheckpoints.count == 1)
    #expect(report.lostRowCount == 0)
    #expect(report.remaining.problems == [])
    #expect(
      try disk.listDirectory(try #require(report.quarantine))
        == ["checkpoint-0000000002.ckpt", "report.txt"])
    try expectSound(disk, TestStore.sorted(rows))
  }

  /// A backup that shares files with a store keeps what the repair of the store takes out.
  @Test func repairsLeaveBackupsAlone() throws {
    let (disk, rows) = try makeDisk(inlineBytes: 2000)
    do { try TestStore.open(disk).backup(to: BackupTests.backup, mode: .copy) }
    let before = try BackupTests.tree(disk, BackupTests.backup)
    do { try StoreRestore(BackupTests.backup, files: disk).run(to: "/linked", mode: .link) }
    let victim = try #require(
      try BackupTests.tree(disk, TestStore.path).keys.filter { $0.hasSuffix(".seg") }.min())
    try disk.remove(victim)
    _ = try Self.repair(disk)
    #expect(try BackupTests.tree(disk, BackupTests.backup) == before)
    #expect(try TestStore.contents(of: TestStore.open(disk, path: "/linked")) == rows)
  }

  /// A load that waits for its second phase and cannot be read whole is aborted whole, and its
  /// label is free again.
  @Test(arguments: [0, 1 << 16]) func damagedWaitingLoadsAreAborted(inlineBytes: Int) throws {
    let disk = MemoryFileSystem()
    var random = SeededGenerator(seed: 3)
    let rows = TestStore.rows(load: 0, count: 10, random: &random)
    let waiting = TestStore.rows(load: 1, count: 40, random: &random)
    var path = ""
    do {
      let store = try TestStore.create(
        disk, options: StoreOptions(inlineRowsetByteCountMax: inlineBytes), buckets: 2)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
      let load = try store.beginLoad(into: TestStore.tableName, label: "waiting")
      try load.append(TestStore.batch(waiting))
      try store.precommit(load.prepare())
      try store.checkpoint()
      let pending = try #require(store.catalogueNow.pending.values.first)
      path = try #require(pending.parts.first?.rowset.segments.first).path
    }
    let pieces = path.split(separator: "@").map(String.init)
    let offset = pieces.count == 1 ? 0 : try #require(Int(pieces[1]))
    try BackupTests.flip(disk, pieces[0], byte: offset + 20)
    let check = try StoreCheck(TestStore.path, files: disk).run()
    #expect(check.report.problems.contains { $0.contains(path) })
    let report = try Self.repair(disk)
    #expect(Set(report.rowsets.map(\.remedy)) == [.aborted])
    #expect(report.lostRowCount == waiting.count)
    #expect(report.remaining.problems == [])
    do {
      let store = try TestStore.open(disk)
      #expect(store.transaction(label: "waiting")?.state == .aborted)
    }
    try expectSound(disk, TestStore.sorted(rows))
  }
}
