import InvertedIndex
import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Partial loads that write deltas: what they meet before they become visible, what readers and
/// compactions make of them, and what is durable.
@Suite struct DeltaTests {
  typealias Row = [Value]
  typealias Base = PartialUpdateTests

  private static func update(
    _ columns: [String], _ rows: [Row], in store: Store
  ) throws -> PreparedLoad {
    try Base.partial(columns, rows, in: store, strategy: .delta)
  }

  static func deltaCount(_ store: Store) throws -> Int {
    try store.snapshot(of: Base.name).tablets[0].rowsets.reduce(0) { $0 + $1.deltas.count }
  }

  // MARK: Becoming visible

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func onlyNewKeysAreWholeRows(index: UniqueKeyOptions.Index) throws {
    let store = try Base.create(index)
    try Base.load(Base.base(20), into: store)
    let receipt = try store.commit(
      Self.update(["id", "c"], (15..<25).map { [.integer($0), .integer(7)] }, in: store))
    #expect(receipt.rowCount == 10)
    let rowset = try #require(store.snapshot(of: Base.name).tablets[0].rowsets.last)
    #expect(rowset.summary.rowCount == 5)
    #expect(rowset.deltas.count == 1)
    #expect(rowset.deltas.first.map { try! $0.reader().rowCount } == 5)
    var expected = Base.base(20)
    for id in 15..<20 { expected[id][3] = .integer(7) }
    #expect(
      try Base.contents(of: store) == expected + (20..<25).map { Base.row($0, -1, nil, 7) })
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// New values are for the row that is the newest when they become visible.
  @Test(arguments: UniqueKeyOptions.Index.allCases, [false, true])
  func aWholeRowBetweenIsNoConflict(
    index: UniqueKeyOptions.Index, isCompacted: Bool
  ) throws {
    let store = try Base.create(index)
    try Base.load(Base.base(3), into: store)
    let rows = try Self.update(
      ["id", "a"], [[.integer(1), .integer(50)], [.integer(2), .integer(51)]], in: store)
    try Base.load([Base.row(1, 9, "new", 9)], into: store)
    if isCompacted { Base.compact(store) }
    #expect(try store.commit(rows).redoneRowCount == 0)
    #expect(
      try Base.contents(of: store) == [
        Base.row(0, 0, "base 0", 100), Base.row(1, 50, "new", 9), Base.row(2, 51, "base 2", 102),
      ])
  }

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func aRowThatIsGoneIsMadeAnew(index: UniqueKeyOptions.Index) throws {
    let store = try Base.create(index)
    try Base.load(Base.base(3), into: store)
    let rows = try Self.update(
      ["id", "a", "c"], [[.integer(1), .integer(50), .integer(60)]], in: store)
    let others = try Self.update(["id", "c"], [[.integer(5), .integer(1)]], in: store)
    try Base.delete([1], from: store)
    try Base.load([Base.row(5, 1, "five", 5)], into: store)
    #expect(try store.commit(rows).redoneRowCount == 1)
    #expect(try store.commit(others).redoneRowCount == 1)
    #expect(
      try Base.contents(of: store) == [
        Base.row(0, 0, "base 0", 100), Base.row(1, 50, nil, 60), Base.row(2, 2, "base 2", 102),
        Base.row(5, 1, "five", 1),
      ])
  }

  /// A load that has completed rows from what a delta changes meanwhile completes them again.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func aDeltaBetweenIsAConflictForWholeRows(index: UniqueKeyOptions.Index) throws {
    let store = try Base.create(index)
    try Base.load(Base.base(5), into: store)
    let rows = try Base.partial(
      ["id", "a"], (0..<5).map { [.integer($0), .integer(1)] }, in: store, strategy: .rewrite)
    try store.commit(Self.update(["id", "c"], [[.integer(2), .integer(7)]], in: store))
    #expect(try store.commit(rows).redoneRowCount == 1)
    var expected = Base.base(5).map { [$0[0], .integer(1), $0[2], $0[3]] }
    expected[2][3] = .integer(7)
    #expect(try Base.contents(of: store) == expected)
  }

  // MARK: Compaction

  /// Merges versions of the only tablet.
  static func compact(_ store: Store, _ first: Int64, _ last: Int64) {
    let executor = SimulatedExecutor(seed: 1)
    let scheduler = CompactionScheduler(
      store: store, policy: RangePolicy(range: VersionRange(Version(first), Version(last))),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: executor)],
      onRefusal: { Issue.record("\($0)") })
    scheduler.start()
    executor.runAll()
    scheduler.stop(cancelRunning: false)
  }

  /// Versions 2 and 3 are rows, 4 to 7 deltas of them, of two sets of columns that overlap.
  private static func history(
    _ index: UniqueKeyOptions.Index
  ) throws -> (store: Store, expected: [Row]) {
    let store = try Base.create(index)
    var expected = Base.base(20)
    try Base.load(Array(expected[..<10]), into: store)
    try Base.load(Array(expected[10...]), into: store)
    for (version, columns) in [["a", "c"], ["c"], ["a"], ["c", "b"]].enumerated() {
      let ids = Array(stride(from: version, to: 20, by: version + 2))
      try store.commit(
        Self.update(
          ["id"] + columns,
          ids.map { id in
            [.integer(Int128(id))]
              + columns.map { $0 == "b" ? .string("v\(version)") : .integer(Int128(version)) }
          }, in: store))
      for id in ids {
        for column in columns {
          let position = ["id", "a", "b", "c"].firstIndex(of: column)!
          expected[id][position] =
            column == "b" ? .string("v\(version)") : .integer(Int128(version))
        }
      }
    }
    return (store, expected)
  }

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func everyRangeOfVersionsReadsTheSame(index: UniqueKeyOptions.Index) throws {
    for first in Int64(2)...6 {
      for last in (first + 1)...7 {
        let (store, expected) = try Self.history(index)
        let before = try store.snapshot(of: Base.name)
        Self.compact(store, first, last)
        #expect(try store.snapshot(of: Base.name).tablets[0].rowsets.count < 7)
        #expect(try Base.contents(of: store) == expected, "\(first)-\(last)")
        let held = try Query.selectingAll().run(on: before).result.rows
        #expect(TestStore.sorted(held) == expected, "\(first)-\(last), held")
        #expect(StoreVerifier(store).run().problems == [])
        // Whatever was merged is merged once more.
        Self.compact(store, 2, 7)
        #expect(try Base.contents(of: store) == expected, "\(first)-\(last), then all")
        #expect(try Self.deltaCount(store) == 0)
        #expect(StoreVerifier(store).run().problems == [])
      }
    }
  }

  /// Deltas that are merged have every column once, of the same deltas together.
  @Test func mergedDeltasDoNotOverlap() throws {
    let (store, _) = try Self.history(.hash)
    Self.compact(store, 4, 7)
    let rowset = try #require(store.snapshot(of: Base.name).tablets[0].rowsets.last)
    let columns = try rowset.deltas.map { try $0.reader().schema.columns.dropFirst().map(\.name) }
    #expect(columns == [["a"], ["b"], ["c"]])
  }

  /// A compaction of rows and one of deltas for them overlap, in both orders.
  @Test(arguments: UniqueKeyOptions.Index.allCases, [false, true])
  func rowsAndTheirDeltasAreMergedAtTheSameTime(
    index: UniqueKeyOptions.Index, rowsFirst: Bool
  ) throws {
    let (store, expected) = try Self.history(index)
    let snapshot = try store.snapshot(of: Base.name).tablets[0]
    func job(_ first: Int64, _ last: Int64) throws -> CompactionJob {
      let range = VersionRange(Version(first), Version(last))
      return CompactionJob(
        store: store, policy: RangePolicy(range: range), snapshot: snapshot,
        facts: snapshot.state.facts(
          now: Timestamp(rawValue: 1_000_000), allowedKinds: [.cumulative], inFlight: [],
          keysModel: .unique, entropy: 1),
        pick: CompactionPick(kind: .cumulative, versions: range, urgency: 1),
        definition: try store.snapshot(of: Base.name).definition)
    }
    let jobs = try rowsFirst ? [job(2, 3), job(4, 7)] : [job(4, 7), job(2, 3)]
    for job in jobs { _ = try job.run { false } }
    #expect(try store.snapshot(of: Base.name).tablets[0].rowsets.count == 3)
    #expect(try Base.contents(of: store) == expected)
    #expect(StoreVerifier(store).run().problems == [])
  }

  // MARK: Queries

  /// Zone maps, Bloom filters and indexes speak of values that are not there any more.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func whatIsKnownOfOldValuesDoesNotHideNewOnes(index: UniqueKeyOptions.Index) throws {
    let store = try Base.create(index)
    try Base.load(Base.base(40), into: store)
    try store.commit(
      Self.update(
        ["id", "a", "b"],
        [
          [.integer(3), .integer(5000), .string("other words")],
          [.integer(30), .integer(-5000), .null],
        ], in: store))
    func ids(_ predicate: Predicate) throws -> [Int128] {
      try Query.selecting("id").filtered(by: predicate).run(on: store.snapshot(of: Base.name))
        .result.rows.map { if case .integer(let id) = $0[0] { id } else { -1 } }.sorted()
    }
    #expect(try ids(Field("a") > 1000) == [3])
    #expect(try ids(Field("a") < -100) == [30])
    #expect(try ids(Field("a") == 3) == [])
    #expect(try ids(Field("b").isNull) == [30])
    #expect(try ids(Field("b").matches(.all, "other")) == [3])
    #expect(try ids(Field("b") == "base 3") == [])
    #expect(try ids(Field("b").matches(.phrase, "base 4")) == [4])
    let extremes = try Query.computing(.max("a")).computing(.min("a")).computing(.count("b"))
      .run(on: store.snapshot(of: Base.name)).result.rows
    #expect(extremes == [[.integer(5000), .integer(-5000), .integer(39)]])
  }

  // MARK: Schema changes

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func columnsChangeAfterwards(index: UniqueKeyOptions.Index) throws {
    let store = try Base.create(index)
    try Base.load(Base.base(3), into: store)
    try store.commit(
      Self.update(
        ["id", "a", "b"], [[.integer(1), .integer(50), .string("x")]], in: store))
    try store.alter(
      table: Base.name,
      [
        .dropColumn("b"), .widenColumn("a", to: .int64), .renameColumn("c", to: "count"),
        .addColumn(name: "d", type: .int32, isNullable: false, defaultValue: .integer(5)),
      ])
    try store.commit(
      Self.update(
        ["id", "d", "a"], [[.integer(2), .integer(6), .integer(1 << 40)]], in: store))
    let expected: [Row] = [[0, 0, 100, 5], [1, 50, 101, 5], [2, 1 << 40, 102, 6]]
      .map { $0.map { .integer($0) } }
    #expect(try Base.contents(of: store) == expected)
    Self.compact(store, 3, 4)
    #expect(try Base.contents(of: store) == expected)
    Self.compact(store, 2, 4)
    #expect(try Base.contents(of: store) == expected)
  }

  // MARK: Durability

  @Test(arguments: UniqueKeyOptions.Index.allCases, [false, true])
  func deltasSurviveACheckpointAndARestart(
    index: UniqueKeyOptions.Index, hasCheckpoint: Bool
  ) throws {
    let files = MemoryFileSystem()
    try {
      let store = try Base.create(index, files: files)
      try Base.load(Base.base(20), into: store)
      try store.commit(
        Self.update(["id", "a"], (5..<10).map { [.integer($0), .integer(1)] }, in: store))
      if hasCheckpoint { try store.checkpoint() }
      try store.commit(
        Self.update(["id", "a"], (8..<12).map { [.integer($0), .integer(2)] }, in: store))
    }()
    let expected = Base.base(20).enumerated().map { id, row -> Row in
      [row[0], .integer((8..<12).contains(id) ? 2 : (5..<8).contains(id) ? 1 : Int128(id))]
        + row[2...]
    }
    try {
      let store = try TestStore.open(files)
      #expect(try Base.contents(of: store) == expected)
      Self.compact(store, 3, 4)
    }()
    let store = try TestStore.open(files)
    #expect(try Base.contents(of: store) == expected)
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// Patches that lead to other rows than those of their keys are found.
  @Test func strayPatchesAreReported() throws {
    let store = try Base.create(.hash)
    try Base.load(Base.base(20), into: store)
    try store.commit(Self.update(["id", "a"], [[.integer(5), .integer(1)]], in: store))
    let tablet = try store.snapshot(of: Base.name).tablets[0]
    let delta = try #require(tablet.rowsets.last?.deltas.first)
    tablet.segments[0].patches.add(
      PatchVector.Entry(delta, version: Version(3), PatchPairs(rows: [6], deltaRows: [0])))
    let problems = StoreVerifier(store).run().problems
    #expect(problems.count == 1)
    #expect(problems.first?.contains("another key") ?? false, "\(problems)")
  }
}

/// Merges the rowsets of a range of versions, once.
struct RangePolicy: CompactionPolicy {
  let range: VersionRange

  var designPoint: DesignPoint {
    DesignPoint(trigger: "always", layout: "any", granularity: "any", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    let own = facts.rowsets.filter { range.contains($0.versions) }
    guard own.count > 1, facts.inFlight.isEmpty, facts.allowedKinds.contains(.cumulative) else {
      return .wait(until: nil, because: "done")
    }
    return .compact(
      [CompactionPick(kind: .cumulative, versions: range, urgency: 1)], because: "asked for")
  }
}
