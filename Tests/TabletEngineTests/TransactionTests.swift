import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Loads of one and of two phases, as clients meet them.
@Suite struct TransactionTests {
  private static let other = "others"

  private func create(_ files: MemoryFileSystem, inlineBytes: Int = 1 << 16) throws -> Store {
    var options = StoreOptions()
    options.inlineRowsetByteCountMax = inlineBytes
    let store = try TestStore.create(files, options: options, buckets: 2)
    try store.createTable(
      TableDefinition(name: Self.other, schema: TestStore.schema(), bucketCount: 3))
    return store
  }

  private func rows(_ load: Int, count: Int = 9) -> [TestStore.Row] {
    var random = SeededGenerator(seed: UInt64(load))
    return TestStore.rows(load: load, count: count, random: &random)
  }

  /// A transaction with rows in two tables.
  private func fill(_ store: Store, label: String, load: Int) throws -> LoadTransaction {
    let transaction = try store.begin(label: label)
    try transaction.builder(for: TestStore.tableName).append(TestStore.batch(rows(load)))
    try transaction.builder(for: Self.other).append(TestStore.batch(rows(load, count: 4)))
    // The same builder takes more rows.
    try transaction.builder(for: Self.other).append(TestStore.batch(rows(load + 100, count: 2)))
    return transaction
  }

  private func counts(_ store: Store) throws -> [Int] {
    try [TestStore.tableName, Self.other].map { try store.snapshot(of: $0).rowCount }
  }

  @Test(arguments: [0, 1 << 16]) func twoPhasesOverTwoTables(inlineBytes: Int) throws {
    let files = MemoryFileSystem()
    let id: TransactionID
    do {
      let store = try create(files, inlineBytes: inlineBytes)
      let transaction = try fill(store, label: "a", load: 1)
      id = transaction.id
      #expect(try transaction.precommit().durability == .onDisk)
      #expect(try transaction.precommit().isRepeated)
      #expect(try counts(store) == [0, 0])
    }
    // It is there after a crash, after a checkpoint, and after both.
    for round in 0..<3 {
      if round > 0 { do { try TestStore.open(files).checkpoint() } }
      let opened = try TestStore.open(files.crash(seed: UInt64(round)))
      #expect(opened.transaction(label: "a")?.state == .precommitted)
      #expect(opened.recovery.orphansRemoved == [])
      #expect(try counts(opened) == [0, 0])
      let receipt = try opened.commit(transaction: id)
      #expect(receipt.rowCount == 15 && !receipt.isRepeated && receipt.sequence == 1)
      #expect(try counts(opened) == [9, 6])
      #expect(try TestStore.contents(of: opened) == TestStore.sorted(rows(1)))
      #expect(try opened.commit(label: "a").isRepeated)
      #expect(try counts(opened) == [9, 6])
      #expect(throws: TransactionError.notAbortable(id, .visible)) {
        try opened.abort(transaction: id)
      }
      #expect(StoreVerifier(opened).run().problems == [])
    }
  }

  @Test(arguments: [0, 1 << 16]) func anAbortLeavesNothing(inlineBytes: Int) throws {
    let files = MemoryFileSystem()
    let store = try create(files, inlineBytes: inlineBytes)
    do {
      let transaction = try fill(store, label: "a", load: 1)
      try transaction.precommit()
      try store.abort(label: "a", because: "changed my mind")
      #expect(try transaction.abort().isRepeated)
    }
    #expect(store.transaction(label: "a")?.abortReason == "changed my mind")
    #expect(throws: TransactionError.self) { try store.commit(label: "a") }
    for tablet in try store.snapshot(of: TestStore.tableName).tablets {
      let directory = store.layout.tabletDirectory(tablet.id)
      #expect(try files.listDirectory(directory) == [])
    }
    // Its label is free, also after a restart.
    let disk = files.crash(seed: 1)
    let opened = try TestStore.open(disk)
    #expect(opened.transaction(label: "a")?.state == .aborted)
    try fill(opened, label: "a", load: 2).commit()
    #expect(try counts(opened) == [9, 6])
  }

  @Test func aLabelIsTakenOnce() throws {
    let files = MemoryFileSystem()
    let store = try create(files)
    let first = try store.begin(label: "a")
    func refusal(_ store: Store) -> TransactionState? {
      do {
        _ = try store.begin(label: "a")
        return nil
      } catch TransactionError.labelInUse(_, by: first.id, let state) {
        return state
      } catch { return .aborted }
    }
    #expect(refusal(store) == .prepare)
    try first.precommit()
    #expect(refusal(store) == .precommitted)
    try first.commit()
    #expect(refusal(store) == .visible)
    try store.checkpoint()
    #expect(refusal(try TestStore.open(files.crash(seed: 1))) == .visible)
    // Loads of one phase as well, with and without rows.
    try store.load(TestStore.batch(rows(1)), into: TestStore.tableName, label: "b")
    try store.begin(label: "c").commit()
    for opened in [store, try TestStore.open(files.crash(seed: 2))] {
      for label in ["b", "c"] {
        #expect(throws: TransactionError.self) { try opened.begin(label: label) }
      }
    }
  }

  /// A load that is aborted while rows arrive takes no more, and its files go.
  @Test func anAbortStopsWhatArrives() throws {
    let files = MemoryFileSystem()
    let store = try create(files, inlineBytes: 0)
    do {
      let transaction = try fill(store, label: "a", load: 1)
      let builder = try transaction.builder(for: TestStore.tableName)
      try store.abort(label: "a")
      #expect(throws: TransactionError.self) {
        try builder.append(TestStore.batch(rows(2)))
      }
      #expect(throws: TransactionError.self) { try transaction.commit() }
    }
    // Who lets go has aborted.
    do { _ = try fill(store, label: "a", load: 3) }
    #expect(store.transaction(label: "a")?.state == .aborted)
    #expect(try counts(store) == [0, 0])
    for tablet in store.snapshot().flatMap(\.tablets) {
      #expect(try files.listDirectory(store.layout.tabletDirectory(tablet.id)) == [])
    }
  }

  @Test func timeoutsOfBothPhases() throws {
    let files = MemoryFileSystem()
    let clock = ManualClock(Timestamp(rawValue: 0))
    let store = try Store.create(TestStore.path, files: files, clock: clock, entropy: 7)
    try store.createTable(TestStore.definition(buckets: 1))
    let slow = try store.begin(label: "slow", timeoutSeconds: 10)
    let waiting = try store.begin(label: "waiting", timeoutSeconds: 10)
    try waiting.precommit(timeoutSeconds: 100)
    #expect(try store.maintain() == Timestamp(rawValue: 10_000_000))
    clock.advance(bySeconds: 11)
    #expect(try store.maintain() == Timestamp(rawValue: 100_000_000))
    #expect(throws: TransactionError.self) { try slow.commit() }
    #expect(store.transaction(label: "waiting")?.state == .precommitted)
    clock.advance(bySeconds: 90)
    #expect(try store.maintain() == nil)
    #expect(store.transaction(label: "waiting")?.state == .aborted)
    // Labels are forgotten.
    clock.advance(bySeconds: store.options.labelRetention.seconds + 1)
    try store.maintain()
    #expect(store.allTransactions().isEmpty)
  }

  /// Nobody gets an id that somebody had before a crash, although a load that only began leaves
  /// nothing in the log.
  @Test func idsAreNotGivenOutTwice() throws {
    let files = MemoryFileSystem()
    let store = try create(files)
    let last = try (0..<10).map { _ in try store.begin().id }.max()
    let opened = try TestStore.open(files.crash(seed: 1))
    #expect(try opened.begin().id > (try #require(last)))
    #expect(throws: TransactionError.notFound(try #require(last))) {
      try opened.commit(transaction: try #require(last))
    }
  }

  @Test func emptyLoadsCostNothingLasting() throws {
    let files = MemoryFileSystem()
    let store = try create(files)
    _ = try store.begin()
    let before = files.counters.total
    for _ in 0..<10 {
      let receipt = try store.load(TestStore.batch([]), into: TestStore.tableName)
      #expect(receipt.versions.isEmpty && receipt.sequence == 0)
    }
    #expect(files.counters.total == before)
    #expect(store.allTransactions().allSatisfy { $0.state == .aborted })
  }
}
