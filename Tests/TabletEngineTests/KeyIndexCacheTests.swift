import CompactionPolicies
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletModel
import Testing

@testable import TabletEngine

/// Hash key indexes are kept within a limit, and built again where they are needed;
/// `UniqueKeyTests` and `EngineSimulationTests` hold that rows do not depend on it.
@Suite struct KeyIndexCacheTests {
  private static let tables = ["a", "b"]

  /// Two tables of one tablet each.
  private static func store(_ files: any FileSystem = MemoryFileSystem(), limit: Int) throws
    -> Store
  {
    var options = StoreOptions(staleGraceSeconds: 1000)
    options.keyIndexCacheByteCountMax = limit
    let store = try Store.create(
      TestStore.path, files: files, clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7,
      options: options)
    let schema = try Schema(
      columns: ["key", "value"].enumerated().map {
        Column(id: ColumnID(rawValue: UInt32($0 + 1)), name: $1, type: .int64)
      }, sortKeyCount: 1, keysModel: .unique)
    for name in tables {
      try store.createTable(TableDefinition(name: name, schema: schema))
    }
    return store
  }

  private static func load(_ keys: Range<Int>, _ value: Int, into table: String, of store: Store)
    throws
  {
    let builders = (0..<2).map { _ in ColumnBuilder(type: .int64, capacity: keys.count) }
    for key in keys {
      builders[0].append(integer: Int64(key))
      builders[1].append(integer: Int64(value))
    }
    try store.load(
      ColumnBatch(
        schema: store.snapshot(of: table).definition.schema, rowCount: keys.count,
        columns: builders.map { $0.finish() }), into: table)
  }

  /// By key, the value that readers see.
  private static func contents(_ table: TableSnapshot) throws -> [Value: Value] {
    Dictionary(try UniqueKeyModel.contents(of: table).map { ($0[0], $0[1]) }) { _, _ in
      Issue.record("a key with two rows")
      return .null
    }
  }

  private static func tablet(_ table: String, of store: Store) throws -> TabletSnapshot {
    try store.snapshot(of: table).tablets[0]
  }

  private static func isBuilt(_ table: String, of store: Store) throws -> Bool {
    try tablet(table, of: store).keyIndexMemory != nil
  }

  private static func counts(_ store: Store) -> CacheCounts {
    store.caches.keyIndexes.counters.counts
  }

  private static func compact(_ table: String, of store: Store) throws {
    var run = CompactionRun(
      store: store, policy: EagerPolicy(threshold: 2), goal: .everything(.full))
    #expect(try run.run([tablet(table, of: store).id]).jobsDone == 1)
  }

  /// Bytes of the index of `0..<count`.
  private static func byteCount(ofKeys count: Int) throws -> Int {
    let store = try store(limit: .max)
    try load(0..<count, 0, into: "a", of: store)
    return counts(store).byteCount
  }

  /// Loads that overlap, in both tables in turn.
  private static func loadInTurn(_ store: Store) throws {
    for round in 0..<6 {
      for table in tables {
        try load(round * 50..<round * 50 + 200, round, into: table, of: store)
      }
    }
  }

  private static let loaded = Dictionary(
    uniqueKeysWithValues: (0..<450).map { key in
      (Value.integer(Int128(key)), Value.integer(Int128(min(5, key / 50))))
    })

  @Test func withoutALimitNothingIsDropped() throws {
    let store = try Self.store(limit: .max)
    try Self.loadInTurn(store)
    let counts = Self.counts(store)
    #expect(counts.misses == 2 && counts.hits >= 10 && counts.evictions == 0)
    #expect(counts.entryCount == 2 && store.keyIndexRowsRead == 0)
    let memory = try Self.tables.map { try Self.tablet($0, of: store).keyIndexMemory?.byteCount }
    #expect(counts.byteCount == memory.reduce(0) { $0 + ($1 ?? 0) })
  }

  @Test func zeroKeepsNothing() throws {
    let store = try Self.store(limit: 0)
    for round in 0..<6 {
      for table in Self.tables {
        try Self.load(round * 50..<round * 50 + 200, round, into: table, of: store)
        #expect(Self.counts(store).byteCount == 0 && Self.counts(store).entryCount == 0)
        #expect(try !Self.isBuilt(table, of: store))
      }
    }
    #expect(Self.counts(store).misses == 12 && Self.counts(store).evictions == 12)
    // The rows of all loads but the last, each time.
    #expect(store.keyIndexRowsRead > 0)
    let read = store.keyIndexRowsRead
    for table in Self.tables {
      let snapshot = try store.snapshot(of: table)
      #expect(try Self.contents(snapshot) == Self.loaded)
      for key in 0..<460 {
        let row = try snapshot.row(forKey: [.integer(Int128(key))])
        #expect(row?.values[1] == Self.loaded[.integer(Int128(key))])
      }
    }
    #expect(store.keyIndexRowsRead == read)
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// Room for one of two indexes: they drive each other out.
  @Test func theIndexOfTheOtherTableGoes() throws {
    let limit = try Self.byteCount(ofKeys: 450) * 3 / 2
    let store = try Self.store(limit: limit)
    for table in Self.tables { try Self.load(0..<400, -1, into: table, of: store) }
    for round in 0..<6 {
      for table in Self.tables {
        try Self.load(round * 50..<round * 50 + 200, round, into: table, of: store)
        #expect(Self.counts(store).byteCount <= limit)
        #expect(try Self.isBuilt(table, of: store))
        let other = table == "a" ? "b" : "a"
        #expect(try !Self.isBuilt(other, of: store))
      }
    }
    for table in Self.tables {
      #expect(try Self.contents(store.snapshot(of: table)) == Self.loaded)
    }
    #expect(Self.counts(store).evictions >= 12 && Self.counts(store).entryCount == 1)
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// The one that was asked for last stays, also by look-ups.
  @Test func whatIsUsedStays() throws {
    let limit = try Self.byteCount(ofKeys: 3000) * 5 / 2
    let store = try Self.store(limit: limit)
    let schema = try store.snapshot(of: "a").definition.schema
    try store.createTable(TableDefinition(name: "c", schema: schema))
    try Self.load(0..<3000, 1, into: "a", of: store)
    try Self.load(0..<3000, 1, into: "b", of: store)
    _ = try store.snapshot(of: "a").row(forKey: [.integer(5)])
    try Self.load(0..<3000, 1, into: "c", of: store)
    #expect(try Self.isBuilt("a", of: store) && Self.isBuilt("c", of: store))
    #expect(try !Self.isBuilt("b", of: store))
  }

  /// Look-ups build an index again when they have cost as much, and only from the newest state.
  @Test func lookUpsBuildWhatWasDropped() throws {
    let count = 20_000
    let store = try Self.store(limit: Self.byteCount(ofKeys: count) * 3 / 2)
    try Self.load(0..<count, 1, into: "a", of: store)
    let old = try store.snapshot(of: "a")
    try Self.load(0..<10, 2, into: "a", of: store)
    try Self.load(0..<count, 1, into: "b", of: store)
    #expect(try !Self.isBuilt("a", of: store))
    func expectRows(_ table: TableSnapshot, _ first: Int) throws {
      for key in [0, 9, 10, count - 1, count] {
        let row = try table.row(forKey: [.integer(Int128(key))])
        let value = key < 10 ? first : 1
        #expect(row?.values[1] == (key < count ? .integer(Int128(value)) : nil))
      }
    }
    // Not from an older snapshot, however much it is asked.
    for _ in 0..<4 { try expectRows(old, 1) }
    #expect(try !Self.isBuilt("a", of: store))
    try expectRows(store.snapshot(of: "a"), 2)
    #expect(try Self.isBuilt("a", of: store) && !Self.isBuilt("b", of: store))
    try expectRows(old, 1)
    try Self.load(9..<11, 3, into: "a", of: store)
    let values = try Self.contents(store.snapshot(of: "a"))
    #expect(values.count == count && values[.integer(9)] == .integer(3))
    #expect(values[.integer(8)] == .integer(2) && values[.integer(11)] == .integer(1))
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// A compaction does not need the index; one that is built meanwhile is built from its output.
  @Test(arguments: [0, 1, Int.max]) func compactionsBuildNothing(limit: Int) throws {
    let store = try Self.store(limit: limit)
    try Self.loadInTurn(store)
    let old = try store.snapshot(of: "a")
    let read = store.keyIndexRowsRead
    try Self.compact("a", of: store)
    #expect(store.keyIndexRowsRead == read)
    for key in 0..<460 {
      for table in [old, try store.snapshot(of: "a")] {
        let row = try table.row(forKey: [.integer(Int128(key))])
        #expect(row?.values[1] == Self.loaded[.integer(Int128(key))])
      }
    }
    try Self.load(100..<300, 9, into: "a", of: store)
    var expected = Self.loaded
    for key in 100..<300 { expected[.integer(Int128(key))] = .integer(9) }
    #expect(try Self.contents(store.snapshot(of: "a")) == expected)
    #expect(try Self.contents(old) == Self.loaded)
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// A reader that knows the state before a compaction must not make it the state of the index.
  @Test func theStateBeforeACompactionBuildsNothing() throws {
    let store = try Self.store(limit: Self.byteCount(ofKeys: 450) * 3 / 2)
    for table in Self.tables { try Self.load(0..<400, -1, into: table, of: store) }
    try Self.loadInTurn(store)
    let old = try store.snapshot(of: "a")
    #expect(try !Self.isBuilt("a", of: store))
    try Self.compact("a", of: store)
    for key in 0..<450 { _ = try old.row(forKey: [.integer(Int128(key))]) }
    #expect(try !Self.isBuilt("a", of: store))
    for key in 0..<450 { _ = try store.snapshot(of: "a").row(forKey: [.integer(Int128(key))]) }
    #expect(try Self.isBuilt("a", of: store))
    try Self.load(0..<450, 7, into: "a", of: store)
    #expect(try Set(Self.contents(store.snapshot(of: "a")).values) == [.integer(7)])
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// Loads, look-ups and compactions at once, with room for nothing, little and everything.
  @Test(arguments: [0, 3_000, Int.max]) func threadsAgree(limit: Int) throws {
    let store = try Self.store(limit: limit)
    let failures = Mutex<[String]>([])
    func run(_ body: @escaping @Sendable () throws -> Void) -> @Sendable () -> Void {
      {
        do { try body() } catch { failures.withLock { $0.append("\(error)") } }
      }
    }
    let threads = try WorkerPool(name: "clients", threadCount: 6)
    for table in Self.tables {
      threads.submit(
        run {
          for round in 0..<30 { try Self.load(round..<round + 100, round, into: table, of: store) }
        })
      threads.submit(
        run {
          var least = -1
          for _ in 0..<300 {
            // In every load up to the last one that has it.
            let row = try store.snapshot(of: table).row(forKey: [.integer(50)])
            guard case .integer(let value)? = row?.values[1] else { continue }
            if value < least { failures.withLock { $0.append("\(value) after \(least)") } }
            least = Int(value)
          }
        })
      threads.submit(
        run {
          for _ in 0..<6 {
            var run = CompactionRun(
              store: store, policy: EagerPolicy(threshold: 2), goal: .everything(.full))
            _ = try run.run([Self.tablet(table, of: store).id])
          }
        })
    }
    threads.shutdown()
    #expect(failures.withLock { $0 } == [])
    for table in Self.tables {
      let values = try Self.contents(store.snapshot(of: table))
      #expect(values.count == 129)
      for key in 0..<129 {
        #expect(values[.integer(Int128(key))] == .integer(Int128(min(29, key))))
      }
    }
    #expect(Self.counts(store).byteCount <= limit)
    #expect(StoreVerifier(store).run().problems == [])
  }
}
