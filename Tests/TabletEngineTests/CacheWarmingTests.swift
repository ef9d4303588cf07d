import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// A swap of a compaction's output is no moment at which queries have to read what they had.
@Suite struct CacheWarmingTests {
  private static let table = "t"

  private func store(_ keysModel: KeysModel, warms: Bool) throws -> Store {
    var options = StoreOptions()
    options.warmsCompactedPages = warms
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: ManualClock(), entropy: 7,
      options: options)
    let columns = ["key", "value", "other"].enumerated().map { index, name in
      Column(id: ColumnID(rawValue: UInt32(index + 1)), name: name, type: .int64)
    }
    let schema = try Schema(columns: columns, sortKeyCount: 1, keysModel: keysModel)
    try store.createTable(
      TableDefinition(
        name: Self.table, schema: schema, segmentOptions: SegmentOptions(rowsPerPage: 64)))
    // One large rowset and some small ones.
    for (load, count) in [2000, 100, 100, 100].enumerated() {
      let rows = (0..<count).map { Int64(load == 0 ? $0 : $0 * 20 + load) }
      let batch = ColumnBatch(
        schema: schema, rowCount: count,
        columns: [
          column(rows), column(rows.map { $0 * 3 + Int64(load) }), column(rows.map { $0 % 7 }),
        ])
      try store.load(batch, into: Self.table)
    }
    return store
  }

  private func column(_ values: [Int64]) -> ColumnVector {
    let builder = ColumnBuilder(type: .int64)
    for value in values { builder.append(integer: value) }
    return builder.finish()
  }

  /// What a dashboard asks of some rows in the middle, whose values grow with their keys.
  private func ask(_ store: Store) throws -> [[Value]] {
    try Query.computing(.sum("other")).computing(.countAll)
      .filtered(by: Field("value").isBetween(2100, 2700))
      .run(on: store.snapshot(of: Self.table)).result.rows
  }

  private func compact(_ store: Store) throws -> Int {
    let tablet = try store.snapshot(of: Self.table).tablets[0]
    var run = CompactionRun(
      store: store, policy: EagerPolicy(threshold: 2), goal: .everything(.full))
    return try run.run([tablet.id]).jobsDone
  }

  private func missesAfterSwap(_ keysModel: KeysModel, warms: Bool) throws -> Int {
    let store = try store(keysModel, warms: warms)
    let before = try ask(store)
    for _ in 0..<3 { #expect(try ask(store) == before) }
    let hot = store.caches.pages.counters
    #expect(hot.hits > 0 && hot.byteCount > 0)
    #expect(try compact(store) == 1)
    #expect(try store.snapshot(of: Self.table).tablets[0].rowsets.count == 1)
    let swapped = store.caches.pages.counters.misses
    #expect(try ask(store) == before)
    return store.caches.pages.counters.misses - swapped
  }

  @Test(arguments: [KeysModel.unique, .duplicate]) func aSwapIsNoMiss(keysModel: KeysModel) throws {
    #expect(try missesAfterSwap(keysModel, warms: true) == 0)
    #expect(try missesAfterSwap(keysModel, warms: false) > 5)
  }

  /// Only what was hot is read, and what cannot be read does not stop the merge.
  @Test func coldPagesStayCold() throws {
    let store = try store(.unique, warms: true)
    #expect(try compact(store) == 1)
    #expect(store.caches.pages.counters.byteCount == 0)
    for _ in 0..<3 { _ = try ask(store) }
    let hot = store.caches.pages.counters.byteCount
    // A few pages of two columns, of more than thirty.
    #expect(hot > 0 && hot < 64 * 8 * 2 * 10)
  }
}
