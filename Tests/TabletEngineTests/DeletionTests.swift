import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletModel
import Testing

@testable import TabletEngine

/// Deletions by condition, and what they meet between the look and the commit.
@Suite struct DeletionTests {
  private static let shapes = UniqueKeyTests.shapes.filter { !$0.hasStringKey }

  private static func create(_ shape: UniqueKeyModel.Shape) throws -> Store {
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: ManualClock(), entropy: 7)
    try store.createTable(UniqueKeyModel.definition(shape))
    return store
  }

  /// Rows that are told apart by their amounts.
  private static func rows(_ ids: Range<Int>, amount: Int) -> [UniqueKeyModel.Row] {
    ids.map { id in
      [.integer(Int128(id)), .integer(3), .string("row \(id)"), .integer(Int128(amount))]
    }
  }

  @discardableResult
  private static func load(
    _ rows: [UniqueKeyModel.Row], _ shape: UniqueKeyModel.Shape, into store: Store
  ) throws -> CommitReceipt {
    try store.load(
      UniqueKeyModel(shape).load(of: rows.map { ($0, false) }).batch, into: UniqueKeyModel.table)
  }

  private static func contents(_ store: Store) throws -> [UniqueKeyModel.Row] {
    try UniqueKeyModel.contents(of: store.snapshot(of: UniqueKeyModel.table))
  }

  /// Deletes what meets a condition; `between` happens after each look, before the commit.
  private static func delete(
    _ condition: String, from store: Store, between: (_ look: Int) throws -> Void
  ) throws -> CommitReceipt {
    var look = 0
    return try store.delete(from: UniqueKeyModel.table) { table in
      let found = try table.deletions(where: condition)
      try between(look)
      look += 1
      return found
    }
  }

  /// A row that others replace is looked at again: one that does not meet the condition any more
  /// stays, one that still does is deleted, as the others replaced it.
  @Test(arguments: shapes) func replacedRowsAreLookedAtAgain(shape: UniqueKeyModel.Shape) throws {
    let store = try Self.create(shape)
    try Self.load(Self.rows(0..<10, amount: 5), shape, into: store)
    let receipt = try Self.delete("amount < 9 and id < 6", from: store) { look in
      guard look == 0 else { return }
      try Self.load(Self.rows(2..<3, amount: 50) + Self.rows(3..<4, amount: 6), shape, into: store)
    }
    #expect(receipt.rowCount == 5)
    // Of the first tablet that others have changed.
    #expect((1...(shape.merge == .onWrite ? 2 : 6)).contains(receipt.redoneRowCount))
    let expected = Self.rows(2..<3, amount: 50) + Self.rows(6..<10, amount: 5)
    #expect(try Self.contents(store) == expected)
    let past = try #require(
      try store.snapshot(of: UniqueKeyModel.table).asOf(sequence: receipt.sequence - 1))
    #expect(try UniqueKeyModel.contents(of: past).count == 10)
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// Two deletions of the same rows: each row is gone by one of them.
  @Test(arguments: shapes) func rowsAreDeletedOnce(shape: UniqueKeyModel.Shape) throws {
    let store = try Self.create(shape)
    try Self.load(Self.rows(0..<10, amount: 5), shape, into: store)
    var inner = 0
    let outer = try Self.delete("id < 6", from: store) { look in
      guard look == 0 else { return }
      inner = try store.delete(from: UniqueKeyModel.table, where: "id > 3").rowCount
    }
    #expect(inner == 6)
    #expect(outer.rowCount == 4)
    #expect(try Self.contents(store) == [])
  }

  /// What was not there when the deletion looked stays, although it meets the condition.
  @Test(arguments: shapes.filter { $0.merge == .onWrite })
  func rowsOfLaterLoadsStay(shape: UniqueKeyModel.Shape) throws {
    let store = try Self.create(shape)
    try Self.load(Self.rows(0..<4, amount: 5), shape, into: store)
    let receipt = try Self.delete("amount = 5", from: store) { look in
      try Self.load(Self.rows(10..<12, amount: 5), shape, into: store)
    }
    #expect(receipt.rowCount == 4 && receipt.redoneRowCount == 0)
    #expect(try Self.contents(store) == Self.rows(10..<12, amount: 5))
  }

  /// Rows that a compaction moves between the look and the commit.
  @Test(arguments: shapes) func movedRowsAreFound(shape: UniqueKeyModel.Shape) throws {
    let store = try Self.create(shape)
    for start in [0, 4, 8] {
      try Self.load(Self.rows(start..<start + 4, amount: 5), shape, into: store)
    }
    let receipt = try Self.delete("id in (1, 5, 9)", from: store) { look in
      UniqueKeyHistory.compact(
        store, RandomRangePolicy(seed: UInt64(look), includesBase: !shape.hasSequence), seed: 1)
    }
    #expect(receipt.rowCount == 3)
    #expect(try Self.contents(store).count == 9)
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// A deletion has the sequence of its row: what is older than that comes too late.
  @Test(arguments: [UniqueKeyOptions.Index.hash, .sorted])
  func deletionsKeepTheSequence(index: UniqueKeyOptions.Index) throws {
    let shape = UniqueKeyModel.Shape(index: index, hasSequence: true)
    let store = try Self.create(shape)
    func row(_ id: Int, moment: Int) -> UniqueKeyModel.Row {
      [.integer(Int128(id)), .integer(Int128(moment)), .null, .integer(0)]
    }
    try Self.load([row(1, moment: 10), row(2, moment: 10)], shape, into: store)
    try store.delete(from: UniqueKeyModel.table, where: "true")
    try Self.load([row(1, moment: 9), row(2, moment: 10)], shape, into: store)
    #expect(try Self.contents(store) == [row(2, moment: 10)])
  }

  @Test func nothingToDeleteIsNoVersion() throws {
    let shape = UniqueKeyModel.Shape()
    let store = try Self.create(shape)
    try Self.load(Self.rows(0..<4, amount: 5), shape, into: store)
    let version = try store.snapshot(of: UniqueKeyModel.table).tablets[0].version
    let receipt = try store.delete(from: UniqueKeyModel.table, where: "amount = 6")
    #expect(receipt.rowCount == 0 && receipt.versions.isEmpty)
    #expect(try store.snapshot(of: UniqueKeyModel.table).tablets[0].version == version)
  }

  /// A label holds for a deletion as for any load, also when it finds nothing.
  /// What a deletion holds in memory is bounded, and whoever meets the bound can go on in parts.
  @Test(arguments: shapes) func tooManyRowsAreRefused(shape: UniqueKeyModel.Shape) throws {
    var options = StoreOptions()
    options.deletionByteCountMax = 300
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: ManualClock(), entropy: 7,
      options: options)
    try store.createTable(UniqueKeyModel.definition(shape))
    try Self.load(Self.rows(0..<40, amount: 5), shape, into: store)
    let error = try #require(throws: StorageError.self) {
      try store.delete(from: UniqueKeyModel.table, where: "amount = 5")
    }
    #expect("\(error)".contains("in several parts"))
    #expect(try Self.contents(store).count == 40)
    for first in [0, 20] {
      let receipt = try store.delete(
        from: UniqueKeyModel.table, where: "amount = 5 and id >= \(first) and id < \(first + 20)")
      #expect(receipt.rowCount == 20)
    }
    #expect(try Self.contents(store) == [])
  }

  @Test func labelsAreUsedOnce() throws {
    let store = try Self.create(UniqueKeyModel.Shape())
    try store.delete(from: UniqueKeyModel.table, where: "id = 1", label: "monday")
    #expect(throws: TransactionError.self) {
      try store.delete(from: UniqueKeyModel.table, where: "id = 1", label: "monday")
    }
    #expect(throws: SQLError.self) {
      try store.delete(from: UniqueKeyModel.table, where: "idd = 1", label: "tuesday")
    }
    #expect(store.transaction(label: "tuesday")?.state == .aborted)
  }

  /// Others come first every time.
  @Test func endlessConflictsAreAnError() throws {
    let shape = UniqueKeyModel.Shape()
    let store = try Self.create(shape)
    try Self.load(Self.rows(0..<2, amount: 0), shape, into: store)
    let error = #expect(throws: StorageError.self) {
      _ = try Self.delete("id = 1", from: store) { look in
        try Self.load(Self.rows(1..<2, amount: look), shape, into: store)
      }
    }
    guard case .limitExceeded = error else {
      Issue.record("\(error as Any)")
      return
    }
    #expect(try Self.contents(store).count == 2)
  }

  /// Threads that load, and threads that delete the same kind of rows: each row is deleted by one
  /// of them.
  @Test(arguments: shapes.filter { !$0.hasSequence })
  func threadsDeleteEachRowOnce(shape: UniqueKeyModel.Shape) throws {
    let store = try Self.create(shape)
    let deletedCount = Mutex(0)
    let pool = try WorkerPool(name: "clients", threadCount: 4)
    func submit(_ body: @escaping @Sendable (_ round: Int) throws -> Void) {
      pool.submit {
        do { for round in 0..<20 { try body(round) } } catch { Issue.record("\(error)") }
      }
    }
    for thread in 0..<2 {
      submit { round in
        let first = (thread * 20 + round) * 6
        try Self.load(
          Self.rows(first..<first + 3, amount: 1) + Self.rows(first + 3..<first + 6, amount: 9),
          shape, into: store)
      }
      submit { _ in
        let receipt = try store.delete(from: UniqueKeyModel.table, where: "amount < 5")
        deletedCount.withLock { $0 += receipt.rowCount }
      }
    }
    pool.shutdown()
    let rest = try store.delete(from: UniqueKeyModel.table, where: "amount < 5").rowCount
    #expect(deletedCount.withLock { $0 } + rest == 2 * 20 * 3)
    #expect(try Self.contents(store).count == 2 * 20 * 3)
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// Deletions among whole rows need their keys and sequences only.
  @Test(arguments: shapes) func deletionsMayHaveNulls(shape: UniqueKeyModel.Shape) throws {
    let store = try Self.create(shape)
    try Self.load(Self.rows(0..<4, amount: 5), shape, into: store)
    let schema = try UniqueKeyModel.definition(shape).schema
    func append(_ rows: [UniqueKeyModel.Row], deleting: Int) throws {
      let builders = schema.columns.map { ColumnBuilder(type: $0.type) }
      for row in rows {
        for (builder, value) in zip(builders, row) { builder.append(value) }
      }
      let signs = Bitmap(count: rows.count)
      signs.set(deleting)
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(
        ColumnBatch(
          schema: schema, rowCount: rows.count, columns: builders.map { $0.finish() }),
        deleteSigns: signs)
      try store.commit(builder.prepare())
    }
    let rows = [Self.rows(1..<2, amount: 6)[0], [.integer(2), .integer(9), .null, .null]]
    try append(rows, deleting: 1)
    #expect(
      try Self.contents(store)
        == [Self.rows(0..<1, amount: 5), [rows[0]], Self.rows(3..<4, amount: 5)].flatMap { $0 })
    #expect(throws: StorageError.self) { try append(rows, deleting: 0) }
    #expect(throws: StorageError.self) {
      try append([[.null, .integer(9), .null, .null]], deleting: 0)
    }
    if shape.hasSequence {
      #expect(throws: StorageError.self) {
        try append([[.integer(3), .null, .null, .null]], deleting: 0)
      }
    }
    #expect(StoreVerifier(store).run().problems == [])
  }

  @Test func whatCannotBeDeletedIsRefused() throws {
    let store = try TestStore.create(MemoryFileSystem())
    let error = #expect(throws: StorageError.self) {
      try store.delete(from: TestStore.tableName, where: "user_id = 1")
    }
    #expect("\(error as Any)".contains("create it with unique keys"))
    let builder = try store.beginLoad(into: TestStore.tableName)
    #expect(throws: StorageError.self) { try builder.appendDeletions(TestStore.batch([])) }
    #expect(throws: StorageError.self) { try store.delete(from: "nothing", where: "a = 1") }
    // A deletion needs the sequence it is compared by.
    let keyed = try Self.create(UniqueKeyModel.Shape(hasSequence: true))
    let keys = try Schema([("id", .int64, false)], sortKeyCount: 1)
    let load = try keyed.beginLoad(into: UniqueKeyModel.table)
    #expect(throws: StorageError.self) {
      try load.appendDeletions(
        ColumnBatch(
          schema: keys, rowCount: 1,
          columns: [.constant(.integer(1), type: .int64, count: 1)]))
    }
  }
}
