import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Pages of row stores that are not read in place are kept for the next rows; `UniqueKeyTests`
/// holds that no snapshot is given rows of another one.
@Suite struct RowCacheTests {
  private static let table = "t"
  private static let rowCount = 2000

  private static func store(
    _ files: any FileSystem, _ compression: Compression, cacheByteCount: Int
  ) throws -> Store {
    var options = StoreOptions()
    options.rowCacheByteCountMax = cacheByteCount
    let store = try Store.create(
      TestStore.path, files: files, clock: ManualClock(), entropy: 7, options: options)
    let schema = try Schema(
      columns: [
        Column(id: ColumnID(rawValue: 1), name: "key", type: .int64),
        Column(id: ColumnID(rawValue: 2), name: "text", type: .string),
      ], sortKeyCount: 1, keysModel: .unique)
    try store.createTable(
      TableDefinition(
        name: table, schema: schema, rowStore: .all, rowStoreCompression: compression))
    return store
  }

  private static func text(_ key: Int, _ version: Int) -> String {
    "row \(key) of version \(version), with a text that is long enough to be compressed"
  }

  private static func load(_ keys: Range<Int>, _ version: Int, into store: Store) throws {
    let schema = try store.snapshot(of: table).definition.schema
    let builders = schema.columns.map { ColumnBuilder(type: $0.type) }
    for key in keys {
      builders[0].append(integer: Int64(key))
      builders[1].append(string: text(key, version))
    }
    try store.load(
      ColumnBatch(
        schema: schema, rowCount: keys.count, columns: builders.map { $0.finish() }), into: table)
  }

  private static func expectRow(_ key: Int, _ version: Int, in snapshot: TableSnapshot) throws {
    let row = try snapshot.row(forKey: [.integer(Int128(key))])
    #expect(row?.values == [.integer(Int128(key)), .string(text(key, version))])
  }

  @Test func rowsOfKeptPagesCostNoReading() throws {
    let store = try Self.store(MemoryFileSystem(), .lz4, cacheByteCount: 1 << 20)
    try Self.load(0..<Self.rowCount, 1, into: store)
    let snapshot = try store.snapshot(of: Self.table)
    for key in 0..<Self.rowCount { try Self.expectRow(key, 1, in: snapshot) }
    let first = store.caches.rows.counters
    #expect(first.misses > 5 && first.hits + first.misses == Self.rowCount)
    #expect(first.byteCount > 16 << 10)
    for key in (0..<Self.rowCount).shuffled() { try Self.expectRow(key, 1, in: snapshot) }
    #expect(store.caches.rows.counters.misses == first.misses)
    #expect(store.caches.rows.counters.hits == first.hits + Self.rowCount)
    // Lookups that make columns use the same pages.
    for key in 0..<20 {
      let keys = ColumnBuilder(type: .int64)
      keys.append(integer: Int64(key * 100))
      #expect(try snapshot.lookup([keys.finish()]).rowCount == 1)
    }
    let last = store.caches.rows.counters
    #expect(last.misses == first.misses && last.hits == first.hits + Self.rowCount + 20)
  }

  @Test(arguments: [0, 20_000, 60_000])
  func theCacheIsBounded(byteCount: Int) throws {
    let store = try Self.store(MemoryFileSystem(), .zstd(level: 1), cacheByteCount: byteCount)
    try Self.load(0..<Self.rowCount, 1, into: store)
    let snapshot = try store.snapshot(of: Self.table)
    for key in (0..<Self.rowCount).shuffled() {
      try Self.expectRow(key, 1, in: snapshot)
      #expect(store.caches.rows.counters.byteCount <= byteCount)
    }
    #expect(store.caches.rows.counters.misses > 100)
  }

  @Test func rowsReadInPlaceAreNotKept() throws {
    let store = try Self.store(MemoryFileSystem(), .none, cacheByteCount: 1 << 20)
    try Self.load(0..<Self.rowCount, 1, into: store)
    let snapshot = try store.snapshot(of: Self.table)
    for key in 0..<Self.rowCount { try Self.expectRow(key, 1, in: snapshot) }
    #expect(store.caches.rows.counters == CacheCounts())
  }

  /// Every snapshot has its own rows, in whatever order they are asked, while rows are replaced,
  /// merged and swept; and a row that is held stays as it is.
  @Test(arguments: [Compression.none, .lz4])
  func rowsAreThoseOfTheSnapshot(compression: Compression) throws {
    let store = try Self.store(MemoryFileSystem(), compression, cacheByteCount: 40_000)
    var random = SeededGenerator(seed: 5)
    var versions = [Int](repeating: 1, count: Self.rowCount)
    try Self.load(0..<Self.rowCount, 1, into: store)
    var snapshots = [(try store.snapshot(of: Self.table), versions)]
    var held: [(row: TableRow, values: [Value])] = []
    for version in 2..<12 {
      let first = Int(random.next() % UInt64(Self.rowCount - 500))
      try Self.load(first..<first + 500, version, into: store)
      for key in first..<first + 500 { versions[key] = version }
      if version % 3 == 0 {
        UniqueKeyHistory.compact(store, RandomRangePolicy(seed: random.next()), seed: 1)
        try store.sweepStaleRowsets()
      }
      snapshots.append((try store.snapshot(of: Self.table), versions))
      if snapshots.count > 4 { snapshots.removeFirst() }
      for _ in 0..<300 {
        let (snapshot, versions) = snapshots[Int(random.next() % UInt64(snapshots.count))]
        let key = Int(random.next() % UInt64(Self.rowCount))
        try Self.expectRow(key, versions[key], in: snapshot)
        if random.next() % 100 == 0, let row = try snapshot.row(forKey: [.integer(Int128(key))]) {
          held.append((row, row.values))
        }
      }
      for (row, values) in held { #expect(row.values == values) }
    }
    #expect(held.count > 10)
    #expect((store.caches.rows.counters.hits > 0) == (compression != .none))
  }
}
