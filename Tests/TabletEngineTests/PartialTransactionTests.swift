import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Transactions of several tables, some of which are given whole rows and some rows of some
/// columns: all become visible together, made of the rows that there are then.
@Suite struct PartialTransactionTests {
  private typealias Row = [Value]
  private typealias Base = PartialUpdateTests
  /// Tables with unique keys, and one without.
  private static let (first, second, plain) = (Base.name, "seconds", "plain")

  /// Two rows in each table.
  private static func create(
    _ index: UniqueKeyOptions.Index, _ files: any FileSystem = MemoryFileSystem(),
    inline: Int = 1 << 16
  ) throws -> Store {
    let store = try Base.create(
      index, files: files, options: StoreOptions(inlineRowsetByteCountMax: inline))
    let schema = try store.snapshot(of: first).definition.schema
    for (name, keysModel) in [(second, KeysModel.unique), (plain, .duplicate)] {
      try store.createTable(
        TableDefinition(
          name: name,
          schema: Schema(columns: schema.columns, sortKeyCount: 1, keysModel: keysModel),
          bucketCount: 2,
          uniqueKeys: keysModel == .unique ? UniqueKeyOptions(index: index) : nil))
    }
    for name in [first, second, plain] {
      try store.load(batch(["id", "a", "b", "c"], Base.base(4), in: store), into: name)
    }
    return store
  }

  private static func batch(
    _ columns: [String], _ rows: [Row], in store: Store
  ) throws -> ColumnBatch { try Base.batch(columns, rows, in: store) }

  private static func contents(_ name: String, _ store: Store) throws -> [Row] {
    TestStore.sorted(
      try Query.selectingAll().run(on: store.snapshot(of: name)).result.rows)
  }

  /// Column a of rows 1 and 9 of the first table, column c of row 2 of the second (each row names
  /// its own), and a whole row of the third.
  private static func begin(
    in store: Store, _ strategy: PartialUpdate.Strategy, label: String = "",
    onNewKey: PartialUpdate.NewKeys = .insertDefaults
  ) throws -> LoadTransaction {
    let transaction = try store.begin(label: label)
    let one = try transaction.partialBuilder(
      for: first, updating: ["c", "id", "a"], onNewKey: onNewKey, strategy: strategy)
    try one.append(
      batch(
        ["c", "id", "a"],
        [
          [.integer(50), .integer(1), .integer(51)], [.integer(60), .integer(9), .integer(61)],
        ], in: store))
    let two = try transaction.flexibleBuilder(for: second, strategy: .delta)
    let given = Bitmap(count: 1)
    try two.append(
      batch(["id", "a", "b", "c"], [Base.row(2, 0, nil, 70)], in: store),
      given: [nil, given, given, nil])
    try transaction.builder(for: plain)
      .append(batch(["id", "a", "b", "c"], [Base.row(8, 8, "new", 8)], in: store))
    return transaction
  }

  /// What the tables hold after it, and after others have changed row 1 of the first.
  private static func expect(
    _ store: Store, isOvertaken: Bool = false, _ place: String = ""
  ) throws {
    var rows = Base.base(4)
    rows[1] = isOvertaken ? Base.row(1, 51, "other", 50) : Base.row(1, 51, "base 1", 50)
    rows.append(Base.row(9, 61, nil, 60))
    #expect(try contents(first, store) == rows, "\(place)")
    rows = Base.base(4)
    rows[2] = Base.row(2, 2, "base 2", 70)
    #expect(try contents(second, store) == rows, "\(place)")
    #expect(
      try contents(plain, store) == Base.base(4) + [Base.row(8, 8, "new", 8)], "\(place)")
    #expect(StoreVerifier(store).run().problems == [], "\(place)")
  }

  private static func expectNothing(_ store: Store) throws {
    for name in [first, second, plain] { #expect(try contents(name, store) == Base.base(4)) }
  }

  private static func overtake(in store: Store) throws {
    try store.load(
      batch(["id", "a", "b", "c"], [Base.row(1, 0, "other", 0)], in: store), into: first)
  }

  private static func dataFiles(_ disk: MemoryFileSystem) throws -> [String] {
    let data = TestStore.path + "/data"
    return try disk.listDirectory(data).flatMap { directory in
      try disk.listDirectory(data + "/" + directory).map { directory + "/" + $0 }
    }.sorted()
  }

  // MARK: One phase

  @Test(
    arguments: UniqueKeyOptions.Index.allCases,
    [(PartialUpdate.Strategy.rewrite, 0), (.rewrite, 1 << 16), (.delta, 0), (.delta, 1 << 16)])
  func allTablesShowItTogether(
    index: UniqueKeyOptions.Index, shape: (strategy: PartialUpdate.Strategy, inline: Int)
  ) throws {
    let disk = MemoryFileSystem()
    try {
      let store = try Self.create(index, disk, inline: shape.inline)
      let transaction = try Self.begin(in: store, shape.strategy)
      try Self.expectNothing(store)
      let before = try store.snapshot(of: Self.plain)
      let receipt = try transaction.commit()
      #expect(receipt.versions.count == 3 && receipt.rowCount == 4 && receipt.redoneRowCount == 0)
      try Self.expect(store)
      #expect(before.rowCount == 4)
    }()
    let store = try TestStore.open(disk)
    try Self.expect(store, "after a restart")
  }

  /// A conflict in one table makes its rows anew; whole rows are there once.
  @Test(arguments: UniqueKeyOptions.Index.allCases, [0, 1 << 16])
  func aConflictInOneTableIsRedone(index: UniqueKeyOptions.Index, inline: Int) throws {
    let disk = MemoryFileSystem()
    try {
      let store = try Self.create(index, disk, inline: inline)
      let transaction = try Self.begin(in: store, .rewrite)
      // It is overtaken between its completion and its commit.
      let overtaken = Overtaken(store: store, transaction: transaction)
      try overtaken.run()
      try Self.expect(store, isOvertaken: true)
      let written = try Self.dataFiles(disk)
      let known = try [Self.first, Self.second, Self.plain].flatMap {
        try store.snapshot(of: $0).tablets.flatMap { tablet in
          tablet.rowsets.flatMap(\.allSegments).filter { !$0.isInline }.map(\.path)
        }
      }
      #expect(written.count == known.count, "what was completed in vain is removed")
    }()
    try Self.expect(TestStore.open(disk), isOvertaken: true)
  }

  /// Commits a transaction whose rows others change once they have been completed.
  private struct Overtaken {
    let store: Store
    let transaction: LoadTransaction

    func run() throws {
      let prepared = try transaction.prepare()
      try PartialTransactionTests.overtake(in: store)
      #expect(try store.commit(prepared).redoneRowCount == 1)
    }
  }

  @Test func aRefusedKeyLeavesNothing() throws {
    let disk = MemoryFileSystem()
    let store = try Self.create(.hash, disk, inline: 0)
    let files = try Self.dataFiles(disk)
    do {
      let transaction = try Self.begin(in: store, .rewrite, onNewKey: .refuse)
      #expect(throws: StorageError.self) { try transaction.commit() }
    }
    try Self.expectNothing(store)
    #expect(try Self.dataFiles(disk) == files)
  }

  @Test func oneLoadTreatsATableInOneWay() throws {
    let store = try Self.create(.hash)
    let transaction = try Self.begin(in: store, .rewrite)
    #expect(throws: StorageError.self) { try transaction.builder(for: Self.first) }
    #expect(throws: StorageError.self) { try transaction.flexibleBuilder(for: Self.first) }
    #expect(throws: StorageError.self) {
      try transaction.partialBuilder(for: Self.first, updating: ["id", "a"])
    }
    #expect(throws: StorageError.self) {
      try transaction.partialBuilder(for: Self.plain, updating: ["id", "a"])
    }
    #expect(throws: StorageError.self) {
      try transaction.partialBuilder(for: "third", updating: ["id"])
    }
    let again = try transaction.flexibleBuilder(for: Self.second)
    #expect(try again === transaction.flexibleBuilder(for: Self.second, strategy: .delta))
    try transaction.commit()
    try Self.expect(store)
  }

  // MARK: Two phases

  /// What waits is made of the rows of the decision, after a checkpoint and restarts as well.
  @Test(
    arguments: UniqueKeyOptions.Index.allCases,
    [(PartialUpdate.Strategy.rewrite, 0), (.rewrite, 1 << 16), (.delta, 0), (.delta, 1 << 16)])
  func rowsWaitForTheDecision(
    index: UniqueKeyOptions.Index, shape: (strategy: PartialUpdate.Strategy, inline: Int)
  ) throws {
    for steps in 0..<4 {
      let disk = MemoryFileSystem()
      var store: Store? = try Self.create(index, disk, inline: shape.inline)
      if let store {
        let transaction = try Self.begin(in: store, shape.strategy, label: "late")
        #expect(try transaction.precommit().rowCount == 4)
        #expect(try transaction.precommit().isRepeated)
        try Self.overtake(in: store)
        if steps & 1 != 0 { try store.checkpoint() }
      }
      if steps & 2 != 0 {
        store = nil
        store = try TestStore.open(disk)
      }
      if let store {
        let receipt = try store.commit(label: "late")
        #expect(receipt.versions.count == 3 && !receipt.isRepeated)
        try Self.expect(store, isOvertaken: true, "decided, \(steps)")
        #expect(try store.commit(label: "late").isRepeated)
        if steps & 1 == 0 { try store.checkpoint() }
      }
      store = nil
      for _ in 0..<2 {
        let opened = try TestStore.open(disk)
        try Self.expect(opened, isOvertaken: true, "opened, \(steps)")
        try opened.checkpoint()
      }
    }
  }

  @Test(arguments: [0, 1 << 16]) func anAbortLeavesNothing(inline: Int) throws {
    let disk = MemoryFileSystem()
    var store: Store? = try Self.create(.hash, disk, inline: inline)
    let before = try Self.dataFiles(disk)
    try store.map { store in
      _ = try Self.begin(in: store, .delta, label: "gone").precommit()
    }
    if inline == 0 { #expect(try Self.dataFiles(disk).count > before.count) }
    store = nil
    let opened = try TestStore.open(disk)
    try opened.abort(label: "gone")
    try Self.expectNothing(opened)
    #expect(try Self.dataFiles(disk) == before)
  }

  /// A key that is refused leaves all of it waiting.
  @Test func aRefusedDecisionCanBeRepeated() throws {
    let disk = MemoryFileSystem()
    var store: Store? = try Self.create(.sorted, disk)
    try store.map { store in
      try Base.load([Base.row(9, 0, "nine", 0)], into: store)
      _ = try Self.begin(in: store, .rewrite, label: "late", onNewKey: .refuse).precommit()
      try Base.delete([9], from: store)
      #expect(throws: StorageError.self) { try store.commit(label: "late") }
    }
    store = nil
    let opened = try TestStore.open(disk)
    try Self.expectNothing(opened)
    try Base.load([Base.row(9, 0, nil, 0)], into: opened)
    try opened.commit(label: "late")
    try Self.expect(opened)
  }

  /// A backup has what waits, and it can be decided differently there.
  @Test(arguments: [0, 1 << 16]) func aBackupHasWhatWaits(inline: Int) throws {
    let disk = MemoryFileSystem()
    let store = try Self.create(.hash, disk, inline: inline)
    _ = try Self.begin(in: store, .delta, label: "late").precommit()
    _ = try store.backup(to: "/backup", mode: .copy)
    try store.abort(label: "late")
    try Self.expectNothing(store)
    let restored = try Store.open(
      "/backup", files: disk, clock: ManualClock(Timestamp(rawValue: 2_000_000)))
    try Self.expectNothing(restored)
    try restored.commit(label: "late")
    try Self.expect(restored)
  }
}
