import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// What a repair makes of the damaged rowsets of a unique-key table, one kind of damage at a time.
@Suite struct UniqueRepairTests {
  private typealias Row = UniqueKeyModel.Row

  /// A store whose rowsets are in files, with rows of these keys; key 0 to `count` in each load.
  private struct Sample {
    let disk = MemoryFileSystem()
    let shape: UniqueKeyModel.Shape
    var model: UniqueKeyModel
    private var opened: Store?

    init(_ shape: UniqueKeyModel.Shape) throws {
      self.shape = shape
      model = UniqueKeyModel(shape)
      let store = try Store.create(
        TestStore.path, files: disk, clock: ManualClock(Timestamp(rawValue: 1_000_000)),
        entropy: 7, options: StoreOptions(inlineRowsetByteCountMax: 0, staleGraceSeconds: 1000))
      try store.createTable(UniqueKeyModel.definition(shape))
      opened = store
    }

    var store: Store {
      get throws { try #require(opened) }
    }

    mutating func load(_ keys: some Sequence<Int>, _ text: String, isDelete: Bool = false) throws {
      let rows = keys.map { key -> (row: Row, isDelete: Bool) in
        ([.integer(Int128(key)), .integer(5), .string("\(text) \(key)"), .integer(1)], isDelete)
      }
      let load = try model.load(of: rows)
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(load.batch, deleteSigns: load.deleteSigns)
      model.publish(load, sequence: try store.commit(builder.prepare()).sequence)
    }

    /// Gives rows another amount, as a delta.
    mutating func update(_ keys: some Sequence<Int>, _ amount: Int) throws {
      let builder = try store.beginPartialLoad(
        into: UniqueKeyModel.table, updating: ["id", "amount"], strategy: .delta)
      let columns = [ColumnBuilder(type: .int64), ColumnBuilder(type: .int64)]
      for key in keys {
        columns[0].append(.integer(Int128(key)))
        columns[1].append(.integer(Int128(amount)))
      }
      let vectors = columns.map { $0.finish() }
      try builder.append(
        ColumnBatch(
          schema: Schema([("id", .int64, false), ("amount", .int64, false)], sortKeyCount: 1),
          rowCount: vectors[0].count, columns: vectors))
      try store.commit(builder.prepare())
    }

    mutating func close() { opened = nil }

    var tablet: TabletSnapshot {
      get throws { try store.snapshot(of: UniqueKeyModel.table).tablets[0] }
    }

    func contents() throws -> [Row] {
      try UniqueKeyModel.contents(of: TestStore.open(disk).snapshot(of: UniqueKeyModel.table))
    }

    /// Damages a page of a column of a segment, by the position of the column.
    func damage(_ segment: RowsetSegment, page: Int, column: Int) throws {
      let place = try segment.reader().describe().columns[column].pages[page]
      try BackupTests.flip(disk, segment.path, byte: Int(place.offset) + 3)
    }
  }

  private static func text(_ row: Row) -> String {
    if case .string(let text) = row[2] { text } else { "" }
  }

  /// Rows of a page are lost; none of the older rows of their keys comes back, and those that are
  /// deleted anyway are no loss.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func noOlderRowComesBack(index: UniqueKeyOptions.Index) throws {
    var sample = try Sample(UniqueKeyModel.Shape(index: index))
    try sample.load(0..<40, "old")
    try sample.load(0..<40, "new")
    try sample.load([9, 20], "newest")
    try sample.load([10], "gone", isDelete: true)
    // Keys 8 to 15.
    try sample.damage(sample.tablet.rowsets[2].segments[0], page: 1, column: 2)
    let expected = sample.model.visible.filter { row in
      guard case .integer(let key) = row[0] else { return true }
      return !(8..<16).contains(key) || key == 9
    }
    sample.close()
    let report = try RepairTests.repair(sample.disk)
    #expect(report.lostRowCount == 6 && report.outdatedRowCount == 0)
    #expect(report.rowsets.map(\.remedy) == [.partlySaved])
    #expect(report.remaining.problems == [])
    for _ in 0..<2 {
      #expect(try sample.contents() == expected)
      try TestStore.open(sample.disk).checkpoint()
    }
  }

  /// A compaction is carried out again, and what came after it is taken over.
  @Test(arguments: UniqueKeyOptions.Index.allCases, [false, true])
  func aCompactionIsCarriedOutAgain(
    index: UniqueKeyOptions.Index, isGone: Bool
  ) throws {
    var sample = try Sample(UniqueKeyModel.Shape(index: index))
    try sample.load(0..<40, "old")
    try sample.load(0..<30, "new")
    try sample.update(0..<5, 7)
    UniqueKeyHistory.compact(try sample.store, WholeRangePolicy(), seed: 1)
    try sample.load([3, 12], "newest")
    try sample.load([4], "gone", isDelete: true)
    try sample.update([5, 6], 8)
    let expected = try UniqueKeyModel.contents(
      of: sample.store.snapshot(of: UniqueKeyModel.table))
    let merged = try #require(
      sample.tablet.rowsets.first { $0.summary.mergeDepth == 1 }?.segments.first)
    if isGone {
      try sample.disk.remove(merged.path)
    } else {
      try sample.damage(merged, page: 0, column: 0)
    }
    sample.close()
    let report = try RepairTests.repair(sample.disk)
    #expect(report.rowsets.map(\.remedy) == [.compactedAgain])
    #expect(!report.losesRows && report.remaining.problems == [])
    #expect(try sample.contents() == expected)
    #expect(expected.count == 39)
  }

  /// The inputs of an earlier compaction, which do not know what was deleted until the later one,
  /// are not taken for those of a damaged output.
  @Test func onlyTheRightInputsAreMergedAgain() throws {
    var sample = try Sample(UniqueKeyModel.Shape())
    try sample.load(0..<40, "old")
    try sample.load(0..<30, "new")
    UniqueKeyHistory.compact(try sample.store, WholeRangePolicy(), seed: 1)
    try sample.load([4], "gone", isDelete: true)
    UniqueKeyHistory.compact(try sample.store, WholeRangePolicy(depth: 2), seed: 1)
    let tablet = try sample.tablet
    let newest = try #require(tablet.rowsets.first { $0.summary.mergeDepth == 2 })
    let middle = try #require(tablet.stale.values.first { $0.summary.mergeDepth == 1 })
    try sample.disk.remove(newest.segments[0].path)
    try sample.disk.remove(middle.segments[0].path)
    sample.close()
    let report = try RepairTests.repair(sample.disk)
    #expect(Set(report.rowsets.map(\.remedy)) == [.lost, .dropped])
    #expect(report.lostRowCount == 39 && report.remaining.problems == [])
    #expect(try sample.contents() == [])
  }

  /// Columns of a damaged page are read from the rows that are kept whole.
  @Test(arguments: [Compression.none, .lz4])
  func rowsThatAreKeptWholeStandIn(compression: Compression) throws {
    var sample = try Sample(
      UniqueKeyModel.Shape(
        index: .sorted, rowStore: .all, rowStoreCompression: compression))
    try sample.load(0..<40, "old")
    try sample.load(0..<10, "new")
    for column in 0..<4 {
      try sample.damage(sample.tablet.rowsets[1].segments[0], page: column, column: column)
    }
    let expected = sample.model.visible
    sample.close()
    let report = try RepairTests.repair(sample.disk)
    #expect(report.rowsets.map(\.remedy) == [.rewritten] && !report.losesRows)
    #expect(try sample.contents() == expected)
    let store = try TestStore.open(sample.disk)
    let segment = try #require(
      store.snapshot(of: UniqueKeyModel.table).tablets[0].rowsets[1].segments.first)
    #expect(try segment.reader().hasRowStore && segment.reader().hasPrimaryKeys)
  }

  /// Values in a delta are lost: the rows stay, with older values, and the report says so.
  @Test(arguments: UniqueKeyOptions.Index.allCases, [false, true])
  func lostValuesLeaveOlderOnes(index: UniqueKeyOptions.Index, isGone: Bool) throws {
    var sample = try Sample(UniqueKeyModel.Shape(index: index))
    try sample.load(0..<40, "row")
    try sample.update(0..<20, 7)
    try sample.update(0..<4, 8)
    try sample.load([5, 6], "replaced")
    try sample.load([15], "gone", isDelete: true)
    let delta = try #require(sample.tablet.rowsets[2].deltas.first)
    // All of it, or the values of keys 0 to 7.
    if isGone {
      try sample.disk.remove(delta.path)
    } else {
      try sample.damage(delta, page: 0, column: 1)
    }
    var expected = sample.model.visible
    for key in 0..<20 where key != 15 {
      let place = key < 15 ? key : key - 1
      if key < 4 { expected[place][3] = .integer(8) }
      if key >= 8, !isGone { expected[place][3] = .integer(7) }
    }
    sample.close()
    let report = try RepairTests.repair(sample.disk)
    // Which columns it had is not known of one that is gone; else rows that have been given other
    // values since do not count.
    #expect(report.outdatedRowCount == (isGone ? 17 : 2))
    #expect(report.lostRowCount == 0 && report.losesRows)
    #expect(report.remaining.problems == [])
    #expect(report.lines.contains { $0.contains("show older values") })
    for _ in 0..<2 {
      #expect(try sample.contents() == expected)
      try TestStore.open(sample.disk).checkpoint()
    }
  }

  /// Of tables that merge on read: deletions stay deletions, and rows of which the keys are left
  /// become some, so that older ones do not show.
  @Test func lostRowsThatMergeOnReadStayDeleted() throws {
    var sample = try Sample(UniqueKeyModel.Shape(merge: .onRead))
    try sample.load(0..<40, "old")
    try sample.load(0..<24, "new")
    try sample.load(0..<16, "gone", isDelete: true)
    let rowsets = try sample.tablet.rowsets
    // Keys 16 to 23 of the second, keys 0 to 7 of the third.
    try sample.damage(rowsets[2].segments[0], page: 2, column: 2)
    try sample.damage(rowsets[3].segments[0], page: 0, column: 3)
    let expected = sample.model.visible.filter { Self.text($0).hasPrefix("old") }
    sample.close()
    let report = try RepairTests.repair(sample.disk)
    #expect(report.lostRowCount == 16 && report.rowsets.allSatisfy { $0.unknownKeyCount == 0 })
    #expect(report.remaining.problems == [])
    #expect(try sample.contents() == expected)
    #expect(expected.count == 16)
  }

  /// The keys are lost as well: older rows show, and the report says of how many that may be.
  @Test func lostKeysOfTablesThatMergeOnReadAreTold() throws {
    var sample = try Sample(UniqueKeyModel.Shape(merge: .onRead))
    try sample.load(0..<16, "old")
    try sample.load(0..<16, "new")
    try sample.damage(sample.tablet.rowsets[2].segments[0], page: 1, column: 0)
    sample.close()
    let report = try RepairTests.repair(sample.disk)
    #expect(report.lostRowCount == 8 && report.rowsets.map(\.unknownKeyCount) == [8])
    #expect(report.lines.contains { $0.contains("show again") })
    #expect(
      try sample.contents().map(Self.text)
        == (0..<16).map { "\($0 < 8 ? "new" : "old") \($0)" })
  }
}

/// Merges all but the empty rowset that a tablet is born with, once.
private struct WholeRangePolicy: CompactionPolicy {
  /// Of the output.
  var depth = 1

  var designPoint: DesignPoint {
    DesignPoint(trigger: "asked", layout: "any", granularity: "all", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    let own = facts.rowsets.dropFirst()
    guard own.count > 1, facts.inFlight.isEmpty, facts.allowedKinds.contains(.cumulative),
      own.allSatisfy({ $0.mergeDepth < depth }), let first = own.first, let last = own.last
    else { return .wait(until: nil, because: "done") }
    let range = VersionRange(first.versions.first, last.versions.last)
    return .compact(
      [CompactionPick(kind: .cumulative, versions: range, urgency: 1)], because: "asked")
  }
}
