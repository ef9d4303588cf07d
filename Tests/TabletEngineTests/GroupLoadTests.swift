import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Many clients, one version.
@Suite struct GroupLoadTests {
  private func rows(_ load: Int, count: Int = 5) -> [TestStore.Row] {
    var random = SeededGenerator(seed: UInt64(load))
    return TestStore.rows(load: load, count: count, random: &random)
  }

  private func create(
    _ files: any FileSystem, clock: ManualClock, byteCount: Int = 1 << 20, versions: Int = 2000
  ) throws -> Store {
    var options = StoreOptions(tabletVersionCountMax: versions)
    options.groupLoadSeconds = 5
    options.groupLoadByteCount = byteCount
    let store = try Store.create(
      TestStore.path, files: files, clock: clock, entropy: 7, options: options)
    try store.createTable(TestStore.definition(buckets: 2))
    return store
  }

  @Test func rowsOfManyBecomeOneVersion() throws {
    let clock = ManualClock()
    let store = try create(MemoryFileSystem(), clock: clock)
    let first = try store.groupLoad(
      TestStore.batch(rows(1)), into: TestStore.tableName, mode: .async)
    let ticket = try store.submitGroupRows(TestStore.batch(rows(2)), into: TestStore.tableName)
    let second = try store.groupLoad(
      TestStore.batch(rows(3)), into: TestStore.tableName, mode: .async)
    #expect(first.label == second.label && first.label.hasPrefix("group_commit_"))
    #expect(first.durability == .onDisk && !first.isVisible)
    #expect(try TestStore.contents(of: store) == [])
    #expect(try store.maintain() == Timestamp(rawValue: 5_000_000))
    #expect(try ticket.receipt() == nil)
    clock.advance(bySeconds: 5)
    try store.maintain()
    #expect(try TestStore.contents(of: store) == TestStore.sorted(rows(1) + rows(2) + rows(3)))
    let receipt = try #require(try ticket.receipt())
    #expect(receipt.isVisible && receipt.rowCount == 5)
    #expect(receipt.transaction == first.transaction && receipt.label == first.label)
    #expect(store.transaction(first.transaction)?.state == .visible)
    for tablet in try store.snapshot(of: TestStore.tableName).tablets {
      #expect(tablet.version == Version(2))
    }
  }

  /// A table that takes no more versions keeps neither the rows of others waiting nor time-outs.
  @Test func aFullTableKeepsNobodyElseWaiting() throws {
    let clock = ManualClock()
    let store = try create(MemoryFileSystem(), clock: clock, versions: 1)
    let other = "others"
    try store.createTable(TableDefinition(name: other, schema: TestStore.schema()))
    try store.load(TestStore.batch(rows(1, count: 30)), into: TestStore.tableName)
    for table in [TestStore.tableName, other] {
      _ = try store.groupLoad(TestStore.batch(rows(2)), into: table, mode: .async)
    }
    let waiting = try store.begin(label: "late", timeoutSeconds: 3)
    clock.advance(bySeconds: 5)
    #expect(throws: StorageError.self) { try store.maintain() }
    #expect(try store.snapshot(of: other).rowCount == 5)
    #expect(store.transaction(waiting.id)?.state == .aborted)
    #expect(try store.snapshot(of: TestStore.tableName).rowCount == 30)
  }

  /// What was promised is there after a crash at any later operation, once; what was only submitted
  /// is not.
  @Test func promisedRowsSurvive() throws {
    for withCheckpoint in [false, true] {
      let files = MemoryFileSystem()
      let clock = ManualClock()
      do {
        let store = try create(files, clock: clock)
        for load in 0..<4 {
          _ = try store.groupLoad(
            TestStore.batch(rows(load)), into: TestStore.tableName, mode: .async)
          if load == 1 { try store.flushGroupLoads() }
          if withCheckpoint { try store.checkpoint() }
        }
        _ = try store.submitGroupRows(TestStore.batch(rows(9)), into: TestStore.tableName)
      }
      let expected = TestStore.sorted((0..<4).flatMap { rows($0) })
      var disk = files.crash(seed: 3)
      for round in 0..<3 {
        do {
          let store = try TestStore.open(disk)
          if round > 0 { try store.checkpoint() }
          try store.maintain()
          #expect(try TestStore.contents(of: store) == expected)
          #expect(StoreVerifier(store).run().problems == [])
        }
        disk = disk.crash(seed: 4)
      }
    }
  }

  @Test func bytesEndTheWait() throws {
    let clock = ManualClock()
    let store = try create(MemoryFileSystem(), clock: clock, byteCount: 2000)
    var acknowledged: [TestStore.Row] = []
    for load in 0..<40 {
      _ = try store.groupLoad(
        TestStore.batch(rows(load)), into: TestStore.tableName, mode: .async)
      acknowledged += rows(load)
    }
    let versions = try store.snapshot(of: TestStore.tableName).tablets[0].version
    #expect(versions > Version(3) && versions < Version(25))
    // Large ones go alone.
    let receipt = try store.groupLoad(
      TestStore.batch(rows(50, count: 100)), into: TestStore.tableName, mode: .async)
    #expect(receipt.isVisible)
    try store.flushGroupLoads()
    #expect(
      try TestStore.contents(of: store)
        == TestStore.sorted(acknowledged + rows(50, count: 100)))
  }

  /// A refused version: who waits is told, who was promised waits on.
  @Test func refusalsKeepPromises() throws {
    let clock = ManualClock()
    let store = try create(MemoryFileSystem(), clock: clock, versions: 1)
    try store.load(TestStore.batch(rows(0, count: 30)), into: TestStore.tableName)
    _ = try store.groupLoad(TestStore.batch(rows(1)), into: TestStore.tableName, mode: .async)
    let ticket = try store.submitGroupRows(TestStore.batch(rows(2)), into: TestStore.tableName)
    #expect(throws: StorageError.self) { try store.flushGroupLoads() }
    #expect(throws: StorageError.self) { try ticket.receipt() }
    // An abort of the transaction does not take promised rows either.
    for transaction in store.allTransactions() where !transaction.state.isFinal {
      try store.abort(transaction: transaction.id)
    }
    let scheduler = CompactionScheduler(
      store: store, policy: EagerPolicy(threshold: 0),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
    scheduler.start()
    scheduler.stop(cancelRunning: false)
    #expect(try TestStore.contents(of: store).count == 30)
  }

  @Test func anAbortedTransactionIsReplaced() throws {
    let clock = ManualClock()
    let store = try create(MemoryFileSystem(), clock: clock)
    let receipt = try store.groupLoad(
      TestStore.batch(rows(1)), into: TestStore.tableName, mode: .async)
    try store.abort(transaction: receipt.transaction)
    try store.flushGroupLoads()
    #expect(try TestStore.contents(of: store) == TestStore.sorted(rows(1)))
  }

  /// Also of a client whose rows go alone, and are fewer where one key has several.
  @Test(arguments: [GroupLoadMode.async, .sync], [1, 1 << 20])
  func rowsOfAClientAreCountedAsHeGaveThem(mode: GroupLoadMode, byteCount: Int) throws {
    var options = StoreOptions()
    options.groupLoadSeconds = 0
    options.groupLoadByteCount = byteCount
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: ManualClock(), entropy: 7,
      options: options)
    var model = UniqueKeyModel(UniqueKeyModel.Shape())
    try store.createTable(UniqueKeyModel.definition(model.shape))
    var random = SeededGenerator(seed: 3)
    let rows = try model.makeLoad(1, &random).rows.map { (row: $0.row, isDelete: false) }
    let load = try model.load(of: rows + rows)
    let receipt = try store.groupLoad(load.batch, into: UniqueKeyModel.table, mode: mode)
    #expect(receipt.rowCount == 2 * rows.count)
    try store.flushGroupLoads()
    model.publish(load, sequence: 0)
    #expect(
      try UniqueKeyModel.contents(of: store.snapshot(of: UniqueKeyModel.table)) == model.visible)
  }

  @Test func misfitsAreRefusedAtOnce() throws {
    let store = try create(MemoryFileSystem(), clock: ManualClock())
    let schema = try Schema([("a", .int64, false)], sortKeyCount: 1)
    let batch = ColumnBatch(
      schema: schema, rowCount: 0, columns: [ColumnBuilder(type: .int64).finish()])
    for mode in [GroupLoadMode.async, .sync] {
      #expect(throws: StorageError.self) {
        _ = try store.groupLoad(batch, into: TestStore.tableName, mode: mode)
      }
      #expect(throws: StorageError.self) {
        _ = try store.groupLoad(batch, into: "nowhere", mode: mode)
      }
    }
  }
}
