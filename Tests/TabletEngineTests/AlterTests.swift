import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Schema changes: what is refused, what they promise, what they meet on their way.
@Suite struct AlterTests {
  static let added: [SchemaChange] = [
    .addColumn(name: "tax", type: .int8, isNullable: false, defaultValue: .integer(19)),
    .addColumn(name: "hint", type: .string, after: "status"),
    .dropColumn("note"),
    .renameColumn("status", to: "state"),
    .widenColumn("amount", to: .decimal(precision: 20, scale: 2)),
  ]

  static func rows(_ load: Int, count: Int = 20) -> [TestStore.Row] {
    var random = SeededGenerator(seed: UInt64(load))
    return TestStore.rows(load: load, count: count, random: &random)
  }

  /// The rows under the schema of `added`: user_id, at, state, hint, amount, tax.
  static func altered(_ rows: [TestStore.Row]) -> [TestStore.Row] {
    rows.map { [$0[0], $0[1], $0[2], .null, $0[3], .integer(19)] }
  }

  static func load(_ load: Int, into store: Store) throws {
    try store.load(TestStore.batch(rows(load)), into: TestStore.tableName)
  }

  /// The rows as a query finds them.
  static func contents(of table: TableSnapshot) throws -> [TestStore.Row] {
    TestStore.sorted(try Query.selectingAll().run(on: table).result.rows)
  }

  static func contents(of store: Store) throws -> [TestStore.Row] {
    try contents(of: store.snapshot(of: TestStore.tableName))
  }

  static func batch(_ rows: [TestStore.Row], of store: Store) throws -> ColumnBatch {
    let schema = try store.snapshot(of: TestStore.tableName).definition.schema
    let builders = schema.columns.map { ColumnBuilder(type: $0.type) }
    for row in rows { for (builder, value) in zip(builders, row) { builder.append(value) } }
    return ColumnBatch(
      schema: schema, rowCount: rows.count, columns: builders.map { $0.finish() })
  }

  // MARK: Refusals

  private static let refusals: [([SchemaChange], String)] = [
    ([], "there is nothing to change"),
    ([.dropColumn("user_id")], "rows are sorted by it"),
    ([.dropColumn("notes")], "note"),
    ([.renameColumn("note", to: "status")], "column status exists already"),
    ([.addColumn(name: "note", type: .bool)], "column note exists already"),
    ([.addColumn(name: "x", type: .bool, isNullable: false)], "give a default"),
    (
      [.addColumn(name: "x", type: .int8, defaultValue: .integer(128))],
      "no value of type int8"
    ),
    ([.addColumn(name: "x", type: .float, defaultValue: .floating(0.1))], "no value of type float"),
    ([.addColumn(name: "x", type: .date, defaultValue: .string("today"))], "no value of type date"),
    ([.addColumn(name: "x", type: .bool, after: "user_id")], "put it after at or a later column"),
    (
      [
        .addColumn(
          name: "x", type: .string, defaultValue: .string(String(repeating: "x", count: 4097)))
      ],
      "the limit is 4096"
    ),
    ([.addColumn(name: "", type: .bool)], "empty name"),
    ([.widenColumn("at", to: .int64)], "rows are sorted by it"),
    (
      [.widenColumn("amount", to: .decimal(precision: 12, scale: 3))],
      "decimal(p,2) with p up to 38"
    ),
    (
      [.widenColumn("amount", to: .decimal(precision: 11, scale: 2))],
      "decimal(p,2) with p up to 38"
    ),
    ([.widenColumn("note", to: .int64)], "it has no wider type"),
    ([.makeNullable("user_id")], "rows are sorted by it"),
  ]

  @Test(arguments: 0..<refusals.count) func refusalsSayWhyAndChangeNothing(index: Int) throws {
    let (changes, reason) = Self.refusals[index]
    let store = try TestStore.create(MemoryFileSystem())
    let before = try store.snapshot(of: TestStore.tableName).definition
    // What fits is not done either.
    for changes in changes.isEmpty
      ? [[]] : [changes, [.renameColumn("amount", to: "sum")] + changes]
    {
      let changes = changes.map { change -> SchemaChange in
        guard changes.count > 1, case .widenColumn("amount", let type) = change else {
          return change
        }
        return .widenColumn("sum", to: type)
      }
      let error = #expect(throws: StorageError.self) {
        try store.alter(table: TestStore.tableName, changes)
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains(reason), "\(String(describing: error))")
      #expect(try store.snapshot(of: TestStore.tableName).definition == before)
    }
    #expect(throws: StorageError.self) { try store.alter(table: "order", [.dropColumn("note")]) }
  }

  /// A distribution column may not be in the sort key.
  @Test func columnsThatRowsAreSpreadByStay() throws {
    let store = try TestStore.create(MemoryFileSystem())
    try store.createTable(
      TableDefinition(name: "t", schema: TestStore.schema(), distribution: ["amount"]))
    for change in [
      SchemaChange.dropColumn("amount"),
      .widenColumn("amount", to: .decimal(precision: 38, scale: 2)),
    ] {
      let error = #expect(throws: StorageError.self) { try store.alter(table: "t", [change]) }
      #expect("\(error.map { "\($0)" } ?? "")".contains("rows are spread over tablets by it"))
    }
    try store.alter(table: "t", [.renameColumn("amount", to: "sum"), .dropColumn("note")])
    let definition = try store.snapshot(of: "t").definition
    #expect(definition.distribution.map { definition.schema.columns[$0].name } == ["sum"])
  }

  @Test func batchesMustFitTheSchemaTheLoadWasBegunWith() throws {
    let store = try TestStore.create(MemoryFileSystem())
    let old = try store.beginLoad(into: TestStore.tableName)
    try store.alter(
      table: TestStore.tableName,
      [.dropColumn("note"), .addColumn(name: "memo", type: .string)])
    #expect(throws: StorageError.self) { try Self.load(1, into: store) }
    #expect(throws: StorageError.self) {
      try old.append(Self.batch([Self.rows(1)[0]], of: store))
    }
    try old.append(TestStore.batch(Self.rows(2)))
    try store.commit(old.prepare())
    let expected = Self.rows(2).map { Array($0.dropLast()) + [.null] }
    #expect(try Self.contents(of: store) == TestStore.sorted(expected))
  }

  // MARK: What it promises

  /// A column that comes back is another one, whatever was forgotten in between.
  @Test func idsAreNeverGivenOutTwice() throws {
    let files = MemoryFileSystem()
    var store: Store? = try TestStore.create(files)
    try Self.load(1, into: #require(store))
    for round in 0..<3 as Range<UInt32> {
      try store?.alter(table: TestStore.tableName, [.dropColumn("note")])
      if round > 0 { try store?.checkpoint() }
      store = nil
      store = try TestStore.open(files)
      let version = try #require(store).alter(
        table: TestStore.tableName,
        [.addColumn(name: "note", type: .string, defaultValue: .string("new \(round)"))])
      #expect(version == 2 * Int(round) + 2)
      let table = try #require(store).snapshot(of: TestStore.tableName)
      #expect(table.definition.schema.columns[4].id.rawValue == 6 + round)
      #expect(try Self.contents(of: table).allSatisfy { $0[4] == .string("new \(round)") })
    }
    BackupTests.compact(try #require(store), threshold: 0)
    #expect(try Self.contents(of: #require(store)).allSatisfy { $0[4] == .string("new 2") })
  }

  /// A snapshot keeps its schema; an older moment is read under the newest one.
  @Test func snapshotsKeepTheirSchema() throws {
    let store = try TestStore.create(MemoryFileSystem())
    for load in 0..<2 { try Self.load(load, into: store) }
    let held = try store.snapshot(of: TestStore.tableName)
    try store.alter(table: TestStore.tableName, Self.added)
    let all = (0..<2).flatMap { Self.rows($0) }
    #expect(try Self.contents(of: held) == TestStore.sorted(all))
    #expect(try Self.contents(of: store) == TestStore.sorted(Self.altered(all)))
    let first = try store.snapshot(of: TestStore.tableName, asOf: .sequence(1))
    #expect(try Self.contents(of: first) == TestStore.sorted(Self.altered(Self.rows(0))))
  }

  /// Filters and indexes go with their column, and are built for a wider type.
  @Test func filtersAndIndexesFollow() throws {
    let files = MemoryFileSystem()
    let store = try Store.create(
      TestStore.path, files: files, clock: ManualClock(), entropy: 7)
    try store.createTable(TestStore.indexedDefinition())
    for load in 1..<3 { try Self.load(load, into: store) }
    try store.alter(table: TestStore.tableName, Self.added)
    let definition = try store.snapshot(of: TestStore.tableName).definition
    #expect(definition.segmentOptions.filters.map(\.column.rawValue) == [4])
    #expect(definition.indexes.map(\.column.rawValue) == [3, 4])
    #expect(StoreVerifier(store).run().problems == [])
    BackupTests.compact(store, threshold: 0)
    try Self.expectIndexed(
      try store.snapshot(of: TestStore.tableName), rows: Self.rows(1) + Self.rows(2))
  }

  private static func expectIndexed(_ table: TableSnapshot, rows: [TestStore.Row]) throws {
    guard case .integer(let amount) = rows[0][3] else { return }
    let query = Query.computing(.countAll)
      .filtered(by: Field("amount") == .stored(.integer(amount)))
    let found = try query.run(on: table, indexes: .wherePossible()).result
    #expect(found.rows == [[.integer(Int128(rows.count { $0[3] == .integer(amount) }))]])
    #expect(found.work.indexLookups > 0)
  }

  /// Rows that were promised under the old schema become visible under the new one, also when they
  /// are read back from the log.
  @Test(arguments: [false, true]) func promisedRowsFollow(isReopened: Bool) throws {
    let files = MemoryFileSystem()
    var store: Store? = try TestStore.create(files)
    _ = try store?.groupLoad(
      TestStore.batch(Self.rows(1)), into: TestStore.tableName, mode: .async)
    try store?.alter(table: TestStore.tableName, Self.added)
    if isReopened {
      store = nil
      store = try TestStore.open(files)
    }
    let opened = try #require(store)
    try opened.flushGroupLoads()
    #expect(try Self.contents(of: opened) == TestStore.sorted(Self.altered(Self.rows(1))))
    #expect(StoreVerifier(opened).run().problems == [])
  }

  /// A merge that was begun before the change writes what it began with, and is swapped in.
  @Test func mergesThatWereBegunBeforeGoOn() throws {
    let store = try TestStore.create(MemoryFileSystem(), buckets: 1)
    for load in 0..<4 { try Self.load(load, into: store) }
    let executor = SimulatedExecutor(seed: 1)
    let scheduler = CompactionScheduler(
      store: store, policy: EagerPolicy(threshold: 2),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: executor)])
    let table = try store.snapshot(of: TestStore.tableName)
    let tablet = table.tablets[0]
    let facts = tablet.state.facts(
      now: store.clock.now(), allowedKinds: [.cumulative], inFlight: [],
      keysModel: .duplicate, entropy: 0)
    guard case .compact(let picks, _) = EagerPolicy(threshold: 2).decide(facts) else {
      Issue.record("a pick")
      return
    }
    let job = CompactionJob(
      store: store, policy: EagerPolicy(), snapshot: tablet, facts: facts, pick: picks[0],
      definition: table.definition)
    try store.alter(table: TestStore.tableName, Self.added)
    _ = try job.run { false }
    let all = (0..<4).flatMap { Self.rows($0) }
    #expect(try Self.contents(of: store) == TestStore.sorted(Self.altered(all)))
    // The next merge writes the newest schema.
    try store.load(Self.batch(Self.altered(Self.rows(5)), of: store), into: TestStore.tableName)
    BackupTests.compact(store, threshold: 1)
    let merged = try store.snapshot(of: TestStore.tableName)
    let schema = try merged.tablets[0].segments[0].reader().schema
    #expect(schema.columns.map(\.name) == merged.definition.schema.columns.map(\.name))
    #expect(
      try Self.contents(of: store) == TestStore.sorted(Self.altered(all + Self.rows(5))))
    scheduler.stop(cancelRunning: false)
  }

  @Test func backupsHaveTheSchema() throws {
    let files = MemoryFileSystem()
    let store = try TestStore.create(files)
    try Self.load(1, into: store)
    try store.alter(table: TestStore.tableName, Self.added)
    try store.backup(to: BackupTests.backup)
    let copy = try TestStore.open(files, path: BackupTests.backup)
    #expect(
      try copy.snapshot(of: TestStore.tableName).definition
        == store.snapshot(of: TestStore.tableName).definition)
    #expect(try Self.contents(of: copy) == TestStore.sorted(Self.altered(Self.rows(1))))
  }
}
