import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

@Suite struct BackupTests {
  static let backup = "/backup"
  static let restored = "/restored"

  /// Inline rowsets in several log files, files, compactions, stale rowsets, a log after it all.
  static func fill(
    _ files: any FileSystem, inlineBytes: Int, isIndexed: Bool = false, loads: Int = 9,
    buckets: Int = 2
  ) throws -> (store: Store, rows: [TestStore.Row]) {
    let options = StoreOptions(
      inlineRowsetByteCountMax: inlineBytes, logFileByteCountMax: 2500, segmentRowCountMax: 20)
    let store = try Store.create(
      TestStore.path, files: files, clock: ManualClock(Timestamp(rawValue: 1_000_000)),
      entropy: 7, options: options)
    try store.createTable(
      isIndexed
        ? TestStore.indexedDefinition(buckets: buckets) : TestStore.definition(buckets: buckets))
    var random = SeededGenerator(seed: 5)
    var rows: [TestStore.Row] = []
    for load in 0..<loads {
      let own = TestStore.rows(load: load, count: load % 3 == 0 ? 60 : 9, random: &random)
      try store.load(TestStore.batch(own), into: TestStore.tableName)
      rows += own
      if load == loads / 2 { compact(store) }
    }
    return (store, TestStore.sorted(rows))
  }

  static func compact(_ store: Store, threshold: Int = 2) {
    let scheduler = CompactionScheduler(
      store: store, policy: EagerPolicy(threshold: threshold),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
    scheduler.start()
    scheduler.stop(cancelRunning: false)
  }

  @Test(arguments: [0, 2000, 1 << 16], [TransferMode.link, .copy])
  func backupIsTheStoreOfItsMoment(inlineBytes: Int, mode: TransferMode) throws {
    let disk = MemoryFileSystem()
    let (store, rows) = try Self.fill(disk, inlineBytes: inlineBytes, isIndexed: mode == .copy)
    let report = try store.backup(to: Self.backup, mode: mode)
    #expect(report.rows == rows.count)
    #expect(report.commitSequence == 9)
    #expect((report.linkedFiles > 0) == (mode == .link))
    #expect((report.copiedFiles > 0) == (mode == .copy))
    #expect((report.copiedBytes == report.bytes) == (mode == .copy))
    // The store goes on, and lets go of every file it had.
    var random = SeededGenerator(seed: 6)
    let more = TestStore.rows(load: 50, count: 30, random: &random)
    try store.load(TestStore.batch(more), into: TestStore.tableName)
    Self.compact(store, threshold: 0)
    (store.clock as? ManualClock)?.advance(bySeconds: 1000)
    #expect(try store.sweepStaleRowsets() > 0)
    try store.checkpoint()
    // Power loss: the backup was durable when it was reported.
    for seed in 0..<5 as Range<UInt64> {
      let survivor = disk.crash(seed: seed)
      let copy = try TestStore.open(survivor, path: Self.backup)
      #expect(try TestStore.contents(of: copy) == rows)
      #expect(copy.recovery == RecoveryReport())
      #expect(StoreVerifier(copy).run().problems == [])
      #expect(copy.snapshot().flatMap(\.tablets).allSatisfy { $0.stale.isEmpty })
      // It is a store in every respect, and none of the other's business.
      try copy.load(TestStore.batch(more), into: TestStore.tableName)
      Self.compact(copy, threshold: 0)
      #expect(try TestStore.contents(of: copy) == TestStore.sorted(rows + more))
      let original = try TestStore.open(survivor)
      #expect(try TestStore.contents(of: original) == TestStore.sorted(rows + more))
      #expect(StoreVerifier(original).run().problems == [])
    }
  }

  /// Everything that could pull files away happens while the backup is at work.
  @Test(arguments: [TransferMode.link, .copy])
  func filesStayWhileABackupReadsThem(mode: TransferMode) throws {
    let disk = MemoryFileSystem()
    let (store, rows) = try Self.fill(disk, inlineBytes: 2000)
    var random = SeededGenerator(seed: 8)
    var load = 20
    // The path of an inline segment is that of its log file and the offset.
    let inline = store.snapshot().flatMap(\.tablets).flatMap(\.segments).filter(\.isInline)
    let logs = Set(inline.compactMap { $0.path.split(separator: "@").first.map(String.init) })
    #expect(!logs.isEmpty)
    let disturb = { (_: BackupProgress) in
      do {
        let more = TestStore.rows(load: load, count: 20, random: &random)
        load += 1
        try store.load(TestStore.batch(more), into: TestStore.tableName)
        Self.compact(store, threshold: 0)
        (store.clock as? ManualClock)?.advance(bySeconds: 1000)
        try store.sweepStaleRowsets()
        try store.checkpoint()
        for log in logs { #expect(try disk.exists(log)) }
      } catch {
        Issue.record("\(error)")
      }
    }
    try store.backup(to: Self.backup, mode: mode, onProgress: disturb)
    #expect(load > 25, "the backup took too few steps to mean anything")
    // The pins are gone with the backup. The checkpoint before the newest keeps its log files, too.
    for _ in 0..<2 { try store.checkpoint() }
    for log in logs { #expect(try disk.exists(log) == false) }
    #expect(try TestStore.contents(of: TestStore.open(disk, path: Self.backup)) == rows)
    #expect(StoreVerifier(store).run().problems == [])
  }

  @Test(arguments: [TransferMode.link, .copy])
  func restoreGivesWhatWasBackedUp(mode: TransferMode) throws {
    let disk = MemoryFileSystem()
    let rows: [TestStore.Row]
    do {
      let (store, all) = try Self.fill(disk, inlineBytes: 2000, isIndexed: true)
      rows = all
      try store.backup(to: Self.backup)
    }
    let before = try Self.tree(disk, Self.backup)
    let report = try StoreRestore(Self.backup, files: disk).run(to: Self.restored, mode: mode)
    #expect(report.rows == rows.count)
    #expect(try Self.tree(disk, Self.backup) == before, "a restore changed the backup")
    let store = try TestStore.open(disk.crash(seed: 1), path: Self.restored)
    #expect(try TestStore.contents(of: store) == rows)
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// A load that waited for its decision when the backup began is decided, merged and swept before
  /// its file has been copied.
  @Test(arguments: [TransferMode.link, .copy])
  func filesOfWaitingLoadsStayWhileABackupReadsThem(mode: TransferMode) throws {
    let disk = MemoryFileSystem()
    let (store, rows) = try Self.fill(disk, inlineBytes: 0)
    var random = SeededGenerator(seed: 8)
    let waiting = TestStore.rows(load: 60, count: 40, random: &random)
    let transaction = try store.begin(label: "waiting")
    try transaction.builder(for: TestStore.tableName).append(TestStore.batch(waiting))
    try transaction.precommit()
    let id = transaction.id
    var isDecided = false
    try store.backup(
      to: Self.backup, mode: mode,
      onProgress: { _ in
        guard !isDecided else { return }
        isDecided = true
        do {
          try store.commit(transaction: id)
          Self.compact(store, threshold: 0)
          (store.clock as? ManualClock)?.advance(bySeconds: 1000)
          try store.sweepStaleRowsets()
        } catch {
          Issue.record("\(error)")
        }
      })
    #expect(isDecided)
    let copy = try TestStore.open(disk, path: Self.backup)
    #expect(try TestStore.contents(of: copy) == rows)
    try copy.commit(label: "waiting")
    #expect(try TestStore.contents(of: copy) == TestStore.sorted(rows + waiting))
    #expect(StoreVerifier(copy).run().problems == [])
  }

  /// Rows of group loads that were promised and are not visible yet are in a backup, and in what is
  /// restored from one or from a store that ended without a checkpoint.
  /// Rows that newer ones have taken the place of, and deleted ones, stay away in the copy.
  @Test(arguments: UniqueKeyTests.shapes, [0, 1 << 16])
  func uniqueKeysStayUnique(shape: UniqueKeyModel.Shape, inlineBytes: Int) throws {
    let disk = MemoryFileSystem()
    let store = try Store.create(
      TestStore.path, files: disk, clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7,
      options: StoreOptions(inlineRowsetByteCountMax: inlineBytes))
    try store.createTable(UniqueKeyModel.definition(shape))
    var model = UniqueKeyModel(shape)
    var random = SeededGenerator(seed: 8)
    for number in 0..<8 {
      let load = try model.makeLoad(number, &random)
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(load.batch, deleteSigns: load.deleteSigns)
      model.publish(load, sequence: try store.commit(builder.prepare()).sequence)
      if number == 3 { Self.compact(store, threshold: 4) }
    }
    try store.backup(to: Self.backup)
    try StoreRestore(Self.backup, files: disk).run(to: Self.restored)
    for path in [Self.backup, Self.restored] {
      let copy = try Store.open(path, files: disk, clock: store.clock)
      let table = try copy.snapshot(of: UniqueKeyModel.table)
      #expect(try UniqueKeyModel.contents(of: table) == model.visible)
      #expect(StoreVerifier(copy).run().problems == [])
    }
  }

  @Test(arguments: [TransferMode.link, .copy], [false, true])
  func promisedRowsAreRestored(mode: TransferMode, isBackedUp: Bool) throws {
    let disk = MemoryFileSystem()
    var random = SeededGenerator(seed: 9)
    let promised = TestStore.rows(load: 60, count: 4, random: &random)
    let rows: [TestStore.Row]
    do {
      let (store, all) = try Self.fill(disk, inlineBytes: 2000)
      rows = all
      _ = try store.groupLoad(
        TestStore.batch(promised), into: TestStore.tableName, mode: .async)
      if isBackedUp { try store.backup(to: Self.backup, mode: mode) }
    }
    let source = isBackedUp ? Self.backup : TestStore.path
    try StoreRestore(source, files: disk).run(to: Self.restored, mode: mode)
    let restored = try TestStore.open(disk, path: Self.restored)
    #expect(try TestStore.contents(of: restored) == rows)
    try restored.flushGroupLoads()
    #expect(try TestStore.contents(of: restored) == TestStore.sorted(rows + promised))
  }

  /// Any store will do as a backup, also one that ended without a checkpoint and with a torn log.
  @Test func restoreTakesAnyStore() throws {
    let disk = MemoryFileSystem()
    let rows = try Self.fill(disk, inlineBytes: 2000).rows
    let log = try #require(try disk.listDirectory(TestStore.path + "/log").last)
    let file = try disk.openForAppending("\(TestStore.path)/log/\(log)", cause: .tool)
    try file.append([1, 2, 3])
    let before = try Self.tree(disk, TestStore.path)
    for mode in [TransferMode.link, .copy] {
      let target = Self.restored + mode.rawValue
      try StoreRestore(TestStore.path, files: disk).run(to: target, mode: mode)
      #expect(try Self.tree(disk, TestStore.path) == before)
      #expect(try TestStore.contents(of: TestStore.open(disk, path: target)) == rows)
    }
    // The log that the first store goes on with is not one that the others have.
    var random = SeededGenerator(seed: 9)
    let more = TestStore.rows(load: 77, count: 3, random: &random)
    try TestStore.open(disk).load(TestStore.batch(more), into: TestStore.tableName)
    #expect(try TestStore.contents(of: TestStore.open(disk, path: Self.restored + "link")) == rows)
  }

  @Test func damagedBackupsAreRefused() throws {
    let disk = MemoryFileSystem()
    let (store, _) = try Self.fill(disk, inlineBytes: 0)
    try store.backup(to: Self.backup, mode: .copy)
    let segment = try #require(
      try Self.tree(disk, Self.backup).keys.filter { $0.hasSuffix(".seg") }.min())
    try Self.flip(disk, segment, byte: 40)
    let error = #expect(throws: StorageError.self) {
      try StoreRestore(Self.backup, files: disk).run(to: Self.restored)
    }
    guard case .damaged(_, let problems, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(problems.contains { $0.contains(segment) })
    #expect(try disk.exists(Self.restored) == false)
    // A store that is damaged itself gives no backup that would be missed only when it is needed.
    try Self.flip(disk, segment.replacing(Self.backup, with: TestStore.path), byte: 40)
    #expect(throws: StorageError.self) { try store.backup(to: "/another") }
    #expect(try disk.exists("/another") == false)
  }

  @Test func destinationsMustBeNewOrEmpty() throws {
    let disk = MemoryFileSystem()
    let (store, rows) = try Self.fill(disk, inlineBytes: 2000)
    try disk.createDirectory("/full")
    _ = try disk.create("/full/mine", cause: .tool)
    try disk.createDirectory("/empty")
    let refused = [
      TestStore.path, "/full", TestStore.path + "/backup", TestStore.path + "/data/x/../y/z",
      "/full/mine",
    ]
    for path in refused {
      #expect(throws: StorageError.self) { try store.backup(to: path) }
      #expect(throws: StorageError.self) {
        try StoreRestore(TestStore.path, files: disk).run(to: path)
      }
    }
    #expect(try disk.listDirectory("/full") == ["mine"])
    #expect(try disk.listDirectory(TestStore.path).contains("backup") == false)
    try store.backup(to: "/empty")
    try store.backup(to: "/deep/er/backup")
    for path in ["/empty", "/deep/er/backup"] {
      #expect(try TestStore.contents(of: TestStore.open(disk, path: path)) == rows)
    }
    #expect(throws: StorageError.self) { try store.backup(to: "/empty") }
  }

  @Test func whatIsNoBackupOrInUseIsRefused() throws {
    let disk = MemoryFileSystem()
    let (store, _) = try Self.fill(disk, inlineBytes: 2000)
    try disk.createDirectory("/other")
    for path in ["/none", "/other"] {
      #expect {
        try StoreRestore(path, files: disk).run(to: Self.restored)
      } throws: {
        if case StorageError.notAStore = $0 { true } else { false }
      }
    }
    defer { withExtendedLifetime(store) {} }
    #expect {
      try StoreRestore(TestStore.path, files: disk).run(to: Self.restored)
    } throws: {
      if case StorageError.storeLocked = $0 { true } else { false }
    }
    #expect(try disk.exists(Self.restored) == false)
  }

  @Test func cancellationLeavesNothing() throws {
    let disk = MemoryFileSystem()
    let (store, rows) = try Self.fill(disk, inlineBytes: 2000)
    for step in 0..<1000 {
      var asked = 0
      do {
        try store.backup(
          to: Self.backup, mode: .copy,
          isCancelled: {
            asked += 1
            return asked > step
          })
        #expect(step > 10)
        break
      } catch is CancellationError {
        #expect(try disk.exists(Self.backup) == false)
      }
    }
    #expect(try TestStore.contents(of: TestStore.open(disk, path: Self.backup)) == rows)
  }

  /// Loads that wait for their second phase wait in the backup too, each store for itself; of a
  /// load whose rows are still arriving nothing is there.
  @Test(arguments: [0, 1 << 16], [TransferMode.link, .copy])
  func waitingLoadsAreCarriedAlong(inlineBytes: Int, mode: TransferMode) throws {
    let disk = MemoryFileSystem()
    let (store, rows) = try Self.fill(disk, inlineBytes: inlineBytes)
    var random = SeededGenerator(seed: 6)
    let more = TestStore.rows(load: 50, count: 30, random: &random)
    let load = try store.beginLoad(into: TestStore.tableName, label: "waiting")
    try load.append(TestStore.batch(more))
    let prepared = try load.prepare()
    try store.precommit(prepared)
    let arriving = try store.beginLoad(into: TestStore.tableName, label: "arriving")
    try arriving.append(TestStore.batch(more))
    _ = try arriving.prepare()
    try store.backup(to: Self.backup, mode: mode)
    try store.abort(label: "waiting")
    try store.checkpoint()
    try StoreRestore(Self.backup, files: disk).run(to: Self.restored, mode: mode)
    for path in [Self.backup, Self.restored] {
      let copy = try TestStore.open(disk.crash(seed: 2), path: path)
      #expect(try TestStore.contents(of: copy) == rows)
      #expect(copy.transaction(label: "waiting")?.state == .precommitted)
      #expect(copy.transaction(label: "arriving") == nil)
      try copy.commit(label: "waiting")
      #expect(try TestStore.contents(of: copy) == TestStore.sorted(rows + more))
      #expect(StoreVerifier(copy).run().problems == [])
    }
    #expect(try TestStore.contents(of: store) == rows)
  }

  /// Every file under a directory, by path.
  static func tree(_ files: any FileSystem, _ directory: String) throws -> [String: [UInt8]] {
    var tree: [String: [UInt8]] = [:]
    for name in try files.listDirectory(directory) where name != "LOCK" {
      let path = directory + "/" + name
      if let inner = try? Self.tree(files, path) {
        tree.merge(inner) { first, _ in first }
      } else {
        let file = try files.openForReading(path, cause: .tool)
        tree[path] = try file.read(at: 0, count: Int(file.byteCount))
      }
    }
    return tree
  }

  /// Inverts a bit of a file, in place as a disk would: all its names see it.
  static func flip(_ files: any FileSystem, _ path: String, byte: Int, bit: Int = 0) throws {
    let file = try files.openForReading(path, cause: .tool)
    var bytes = try file.read(at: 0, count: Int(file.byteCount))
    bytes[byte] ^= 1 << UInt8(bit)
    let target = try files.openForAppending(path, cause: .tool)
    try target.truncate(to: 0)
    try target.append(bytes)
    try target.sync()
  }
}
