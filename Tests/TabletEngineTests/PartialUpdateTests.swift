import InvertedIndex
import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Partial loads: what they meet between their completion and their commit, and what is refused.
@Suite struct PartialUpdateTests {
  typealias Row = [Value]
  static let name = "states"

  static func create(
    _ index: UniqueKeyOptions.Index, files: any FileSystem = MemoryFileSystem(),
    options: StoreOptions = StoreOptions(), moreColumns: [Column] = [],
    sequenceColumn: String? = nil
  ) throws -> Store {
    let columns: [(String, DataType, Bool, Value?)] = [
      ("id", .int64, false, nil), ("a", .int32, false, .integer(-1)), ("b", .string, true, nil),
      ("c", .int64, false, nil),
    ]
    let schema = try Schema(
      columns: columns.enumerated().map { index, column in
        Column(
          id: ColumnID(rawValue: UInt32(index + 1)), name: column.0, type: column.1,
          isNullable: column.2, defaultValue: column.3)
      } + moreColumns, sortKeyCount: 1, keysModel: .unique)
    let store = try Store.create(
      TestStore.path, files: files, clock: ManualClock(Timestamp(rawValue: 1_000_000)),
      entropy: 7, options: options)
    try store.createTable(
      TableDefinition(
        name: name, schema: schema, segmentOptions: SegmentOptions(rowsPerPage: 8),
        indexes: [
          ColumnIndex(column: ColumnID(rawValue: 3), options: IndexOptions(parser: .english))
        ], uniqueKeys: UniqueKeyOptions(index: index, sequenceColumn: sequenceColumn)))
    return store
  }

  static func batch(_ columns: [String], _ rows: [Row], in store: Store) throws -> ColumnBatch {
    let schema = try store.snapshot(of: name).definition.schema
    let own = try columns.map { schema.columns[try schema.requireIndex(of: $0)] }
    let vectors = own.enumerated().map { index, column in
      let builder = ColumnBuilder(type: column.type)
      for row in rows { builder.append(row[index]) }
      return builder.finish()
    }
    return ColumnBatch(
      schema: try Schema(columns: own, sortKeyCount: 1), rowCount: rows.count, columns: vectors)
  }

  static func load(_ rows: [Row], into store: Store) throws {
    let columns = try store.snapshot(of: name).definition.schema.columns.map(\.name)
    try store.load(batch(columns, rows, in: store), into: name)
  }

  static func partial(
    _ columns: [String], _ rows: [Row], in store: Store,
    onNewKey: PartialUpdate.NewKeys = .insertDefaults,
    strategy: PartialUpdate.Strategy? = nil
  ) throws -> PreparedLoad {
    let builder = try store.beginPartialLoad(
      into: name, updating: columns, onNewKey: onNewKey, strategy: strategy)
    try builder.append(batch(columns, rows, in: store))
    return try builder.prepare()
  }

  static func delete(_ ids: [Int], from store: Store) throws {
    let builder = try store.beginPartialLoad(into: name, updating: ["id"])
    try builder.append(
      batch(["id"], ids.map { [.integer(Int128($0))] }, in: store),
      deleteSigns: .full(count: ids.count))
    try store.commit(builder.prepare())
  }

  static func contents(of store: Store) throws -> [Row] {
    TestStore.sorted(
      try Query.selectingAll().run(on: store.snapshot(of: name)).result.rows)
  }

  static func row(_ id: Int, _ a: Int, _ b: String?, _ c: Int) -> Row {
    [
      .integer(Int128(id)), .integer(Int128(a)), b.map { .string($0) } ?? .null,
      .integer(Int128(c)),
    ]
  }

  static func base(_ count: Int = 20) -> [Row] {
    (0..<count).map { row($0, $0, "base \($0)", 100 + $0) }
  }

  static func compact(_ store: Store) {
    let executor = SimulatedExecutor(seed: 1)
    let scheduler = CompactionScheduler(
      store: store, policy: WholePolicy(),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: executor)],
      onRefusal: { Issue.record("\($0)") })
    scheduler.start()
    executor.runAll()
    scheduler.stop(cancelRunning: false)
  }

  // MARK: Conflicts

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func loadsOfOtherColumnsAreJoined(index: UniqueKeyOptions.Index) throws {
    let store = try Self.create(index)
    try Self.load(Self.base(), into: store)
    let first = try Self.partial(
      ["a", "id"], (0..<12).map { [.integer(1000), .integer($0)] }, in: store)
    let second = try Self.partial(
      ["id", "c"], (8..<20).map { [.integer($0), .integer(2000)] }, in: store)
    #expect(try store.commit(first).redoneRowCount == 0)
    #expect(try store.commit(second).redoneRowCount == 4)
    #expect(store.redonePartialRowCount == 4)
    let expected = (0..<20).map {
      Self.row($0, $0 < 12 ? 1000 : $0, "base \($0)", $0 < 8 ? 100 + $0 : 2000)
    }
    #expect(try Self.contents(of: store) == expected)
  }

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func anOrdinaryLoadBetweenIsSeen(index: UniqueKeyOptions.Index) throws {
    let store = try Self.create(index)
    try Self.load(Self.base(3), into: store)
    let rows = try Self.partial(
      ["id", "a", "c"],
      [[.integer(1), .integer(50), .integer(60)], [.integer(3), .integer(51), .integer(61)]],
      in: store)
    try Self.load([Self.row(1, 9, "new", 9), Self.row(3, 8, "newer", 8)], into: store)
    #expect(try store.commit(rows).redoneRowCount == 2)
    #expect(
      try Self.contents(of: store) == [
        Self.row(0, 0, "base 0", 100), Self.row(1, 50, "new", 60), Self.row(2, 2, "base 2", 102),
        Self.row(3, 51, "newer", 61),
      ])
    // Texts that were carried over are indexed.
    let query = Query.selecting("id").filtered(by: Field("b").matches(.all, "newer"))
    #expect(
      try query.run(on: store.snapshot(of: Self.name)).result.rows == [[.integer(3)]])
  }

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func rowsThatOnlyMovedAreNoConflict(index: UniqueKeyOptions.Index) throws {
    let store = try Self.create(index)
    try Self.load(Self.base(10), into: store)
    try Self.load([Self.row(4, 0, "four", 4)], into: store)
    let rows = try Self.partial(
      ["id", "a"], [[.integer(4), .integer(50)], [.integer(5), .integer(51)]], in: store)
    Self.compact(store)
    #expect(try store.snapshot(of: Self.name).tablets[0].rowsets.count == 1)
    #expect(try store.commit(rows).redoneRowCount == 0)
    var expected = Self.base(10)
    expected[4] = Self.row(4, 50, "four", 4)
    expected[5][1] = .integer(51)
    #expect(try Self.contents(of: store) == expected)
  }

  /// The deletion, and the row it deletes, are merged away: nothing is left to tell of them.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func aRowThatIsGoneIsNotBroughtBack(index: UniqueKeyOptions.Index) throws {
    let store = try Self.create(
      index, options: StoreOptions(staleGraceSeconds: 0))
    try Self.load(Self.base(4), into: store)
    let rows = try Self.partial(
      ["id", "a", "c"], [[.integer(2), .integer(50), .integer(60)]], in: store)
    try Self.delete([2], from: store)
    Self.compact(store)
    try store.sweepStaleRowsets()
    #expect(try store.snapshot(of: Self.name).tablets[0].rowCount == 3)
    #expect(try store.commit(rows).redoneRowCount == 1)
    var expected = Self.base(4)
    expected[2] = Self.row(2, 50, nil, 60)
    #expect(try Self.contents(of: store) == expected)
  }

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func filesOfOvertakenRowsAreRemoved(index: UniqueKeyOptions.Index) throws {
    let files = MemoryFileSystem()
    var options = StoreOptions()
    options.inlineRowsetByteCountMax = 0
    options.segmentRowCountMax = 6
    let store = try Self.create(index, files: files, options: options)
    try Self.load(Self.base(), into: store)
    let rows = try Self.partial(
      ["id", "a"], (0..<20).map { [.integer($0), .integer(7)] }, in: store)
    try Self.load([Self.row(3, 3, "other", 3)], into: store)
    #expect(try store.commit(rows).redoneRowCount == 1)
    let tablet = try store.snapshot(of: Self.name).tablets[0]
    let directory = store.layout.tabletDirectory(tablet.id)
    let found = try files.listDirectory(directory).map { "\(directory)/\($0)" }
    #expect(Set(found) == Set(tablet.segments.map(\.path)))
    #expect(tablet.segments.count == 4 + 1 + 4)
    var expected = Self.base().map { [$0[0], .integer(7), $0[2], $0[3]] }
    expected[3] = Self.row(3, 7, "other", 3)
    #expect(try Self.contents(of: store) == expected)
  }

  /// The columns of one load are widened, renamed and dropped before it is committed, and its rows
  /// have to be completed again under the new schema.
  @Test(arguments: UniqueKeyOptions.Index.allCases, [false, true])
  func columnsChangeMeanwhile(index: UniqueKeyOptions.Index, isOvertaken: Bool) throws {
    let store = try Self.create(index)
    try Self.load(Self.base(3), into: store)
    let rows = try Self.partial(
      ["id", "a", "b"],
      [[.integer(1), .integer(50), .string("x")], [.integer(2), .integer(51), .string("y")]],
      in: store)
    try store.alter(
      table: Self.name,
      [
        .dropColumn("b"), .widenColumn("a", to: .int64), .renameColumn("c", to: "count"),
        .addColumn(name: "d", type: .int32, isNullable: false, defaultValue: .integer(5)),
      ])
    if isOvertaken {
      try store.commit(
        Self.partial(["id", "d"], [[.integer(1), .integer(6)]], in: store))
    }
    #expect(try store.commit(rows).redoneRowCount == (isOvertaken ? 1 : 0))
    let expected: [Row] = [
      [0, 0, 100, 5], [1, 50, 101, isOvertaken ? 6 : 5], [2, 51, 102, 5],
    ].map { $0.map { .integer($0) } }
    #expect(try Self.contents(of: store) == expected)
  }

  /// Each thread updates a column of its own, of all rows at once.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func threadsMakeProgress(index: UniqueKeyOptions.Index) throws {
    let more = (0..<3).map {
      Column(
        id: ColumnID(rawValue: UInt32(10 + $0)), name: "t\($0)", type: .int32, isNullable: true)
    }
    let store = try Self.create(index, moreColumns: more)
    let base = Self.base(5).map { $0 + [.null, .null, .null] }
    try Self.load(base, into: store)
    let pool = try WorkerPool(name: "clients", threadCount: 3)
    for thread in 0..<3 {
      pool.submit {
        do {
          for round in 0..<25 {
            try store.commit(
              Self.partial(
                ["id", "t\(thread)"], (0..<5).map { [.integer($0), .integer(Int128(round))] },
                in: store))
          }
        } catch { Issue.record("\(error)") }
      }
    }
    pool.shutdown()
    let expected = base.map { $0[..<4] + [.integer(24), .integer(24), .integer(24)] }
    #expect(try Self.contents(of: store) == expected.map { Array($0) })
  }

  // MARK: Rows

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func newKeysHaveDefaultsOrAreRefused(index: UniqueKeyOptions.Index) throws {
    let store = try Self.create(index)
    try Self.load(Self.base(2), into: store)
    try store.commit(Self.partial(["id", "c"], [[.integer(7), .integer(70)]], in: store))
    #expect(try Self.contents(of: store) == Self.base(2) + [Self.row(7, -1, nil, 70)])
    do {
      _ = try Self.partial(
        ["id", "a"], [[.integer(1), .integer(1)], [.integer(8), .integer(1)]], in: store)
      Issue.record("column c has no default")
    } catch {
      #expect("\(error)".contains("column c"), "\(error)")
      #expect("\(error)".contains("new key (8)"), "\(error)")
    }
    do {
      _ = try Self.partial(
        ["id", "c"], [[.integer(9), .integer(1)], [.integer(8), .integer(1)]], in: store,
        onNewKey: .refuse)
      Issue.record("key 8 is new")
    } catch { #expect("\(error)".contains("key (8)"), "\(error)") }
    // It has been there when the load was prepared.
    let rows = try Self.partial(
      ["id", "c"], [[.integer(1), .integer(1)]], in: store, onNewKey: .refuse)
    try Self.delete([1], from: store)
    do {
      try store.commit(rows)
      Issue.record("key 1 is gone")
    } catch { #expect("\(error)".contains("key (1)"), "\(error)") }
  }

  /// Rows of one load that give different columns of one key, a deletion among them.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func flexibleRowsOfOneKeyAreJoined(index: UniqueKeyOptions.Index) throws {
    let store = try Self.create(index)
    try Self.load(Self.base(3), into: store)
    let builder = try store.beginFlexibleLoad(into: Self.name)
    let rows = [
      Self.row(0, 10, nil, 0), Self.row(0, 0, "b", 0), Self.row(1, 0, nil, 0),
      Self.row(1, 0, "c", 11), Self.row(2, 0, nil, 22),
    ]
    func bits(_ rows: [Int]) -> Bitmap {
      let bitmap = Bitmap(count: 5)
      for row in rows { bitmap.set(row) }
      return bitmap
    }
    try builder.append(
      Self.batch(["id", "a", "b", "c"], rows, in: store),
      given: [nil, bits([0]), bits([1, 3]), bits([3, 4])], deleteSigns: bits([2]))
    try store.commit(builder.prepare())
    #expect(
      try Self.contents(of: store) == [
        Self.row(0, 10, "b", 100), Self.row(1, -1, "c", 11), Self.row(2, 2, "base 2", 22),
      ])
  }

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func twoThousandColumns(index: UniqueKeyOptions.Index) throws {
    let more = (0..<2000).map {
      Column(
        id: ColumnID(rawValue: UInt32(10 + $0)), name: "x\($0)", type: .int32, isNullable: true)
    }
    let store = try Self.create(index, moreColumns: more)
    func wide(_ row: Row) -> Row {
      row + (0..<2000).map { $0 % 3 == 0 ? .null : .integer(Int128($0)) }
    }
    try Self.load(Self.base(6).map(wide), into: store)
    try store.commit(
      Self.partial(
        ["id", "x1999", "c", "x3"], [[.integer(4), .integer(1), .integer(2), .integer(3)]],
        in: store))
    var expected = Self.base(6).map(wide)
    expected[4][3] = .integer(2)
    expected[4][4 + 3] = .integer(3)
    expected[4][4 + 1999] = .integer(1)
    #expect(try Self.contents(of: store) == expected)
  }

  /// Of a deletion the key counts: values that must not be null may be missing, also of a key that
  /// is new.
  @Test(arguments: UniqueKeyOptions.Index.allCases, PartialUpdate.Strategy.allCases)
  func deletionsNeedTheirKeysOnly(
    index: UniqueKeyOptions.Index, strategy: PartialUpdate.Strategy
  ) throws {
    let store = try Self.create(index)
    try Self.load(Self.base(4), into: store)
    let builder = try store.beginPartialLoad(
      into: Self.name, updating: ["id", "c", "a"], strategy: strategy)
    let rows: [Row] = [
      [.integer(1), .null, .null], [.integer(2), .integer(5), .integer(6)],
      [.integer(9), .null, .integer(1)],
    ]
    let batch = try Self.batch(["id", "c", "a"], rows, in: store)
    let signs = Bitmap(count: 3)
    signs.set(0)
    #expect(throws: StorageError.self) { try builder.append(batch, deleteSigns: signs) }
    signs.set(2)
    try builder.append(batch, deleteSigns: signs)
    try store.commit(builder.prepare())
    var expected = Self.base(4)
    expected[2][1] = .integer(6)
    expected[2][3] = .integer(5)
    expected.remove(at: 1)
    #expect(try Self.contents(of: store) == expected)
  }

  // MARK: Refusals

  @Test func whatCannotBeCompletedIsRefused() throws {
    let store = try Self.create(.hash)
    func reason(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "nothing"
      } catch { return "\(error)" }
    }
    #expect(
      reason { _ = try store.beginPartialLoad(into: Self.name, updating: ["a"]) }
        .contains("key columns are given always"))
    #expect(
      reason { _ = try store.beginPartialLoad(into: Self.name, updating: ["id", "a", "a"]) }
        .contains("it is named twice"))
    #expect(
      reason { _ = try store.beginPartialLoad(into: Self.name, updating: ["id", "z"]) }
        .contains("z"))
    #expect(
      reason {
        _ = try Self.partial(["id", "a"], [[.integer(1), .null]], in: store)
      }.contains("no null"))
    let other = try TestStore.create(MemoryFileSystem())
    #expect(
      reason { _ = try other.beginFlexibleLoad(into: TestStore.tableName) }
        .contains("merged on write"))
  }
}

/// Merges all rowsets, once there are several.
private struct WholePolicy: CompactionPolicy {
  var designPoint: DesignPoint {
    DesignPoint(trigger: "always", layout: "one", granularity: "all", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    guard facts.rowsets.count > 1, facts.inFlight.isEmpty,
      facts.allowedKinds.contains(.cumulative), let first = facts.rowsets.first,
      let last = facts.rowsets.last
    else { return .wait(until: nil, because: "enough") }
    return .compact(
      [
        CompactionPick(
          kind: .cumulative,
          versions: VersionRange(first.versions.first, last.versions.last), urgency: 1)
      ], because: "all of it")
  }
}
