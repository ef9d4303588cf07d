import CompactionPolicies
import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletEngine
import Testing

/// The queries of `queries.sql` give what SQLite gives, and what a row-by-row evaluation gives, in
/// whatever way the rows are stored and however many threads look at them.
@Suite struct FixtureQueryTests {
  private func bound(_ query: FixtureQuery) throws -> (SQLQuery, FixtureTable, SQLStatement) {
    let statement = try SQLStatement(query.statement)
    let table = try #require(FixtureTable.all[statement.tableName])
    return (try statement.bound(to: table.schema), table, statement)
  }

  private func check(_ result: QueryResult, _ query: FixtureQuery, _ way: String) {
    let found = result.rows.map { row in
      zip(result.columns, row).map { $0.type.format($1) }
    }
    let isEqual =
      found.count == query.expected.count
      && zip(found, query.expected).allSatisfy { row, expected in
        row.count == expected.count
          && zip(zip(row, expected), query.types).allSatisfy { pair, type in
            guard type == "float", let a = Double(pair.0), let b = Double(pair.1) else {
              return pair.0 == pair.1
            }
            return abs(a - b) <= 1e-9 * max(1, abs(b))
          }
      }
    #expect(
      isEqual, "\(query.name), \(way)\nfound \(found.prefix(5))\nSQLite \(query.expected.prefix(5))"
    )
  }

  @Test func thereAreEnoughQueries() {
    #expect(FixtureQuery.all.count >= 22)
    #expect(Set(FixtureQuery.all.map(\.name)).count == FixtureQuery.all.count)
    // An answer without rows would prove little.
    for query in FixtureQuery.all { #expect(!query.expected.isEmpty, "\(query.name)") }
  }

  @Test(arguments: FixtureQuery.all)
  func answersAreThoseOfARowByRowEvaluation(query: FixtureQuery) throws {
    let (bound, table, statement) = try bound(query)
    let result = try bound.run(
      over: table.segments(2, SegmentOptions(rowsPerPage: 700)), schema: table.schema)
    let expected = SQLReference(statement, table).answer()
    let found = result.rows.map { row in
      zip(row, result.columns).map { NaiveValue($0, $1.type) }
    }
    #expect(found.count == expected.count)
    for (row, other) in zip(found, expected) {
      #expect(zip(row, other).allSatisfy { $0.isClose(to: $1) }, "\(row) and \(other)")
    }
  }

  /// Pages of other sizes choose other encodings; other segments and threads cut the work anew.
  @Test func answersDependNeitherOnSegmentsNorOnThreads() throws {
    let pool = try WorkerPool(name: "query", threadCount: 2)
    defer { pool.shutdown() }
    let ways: [(segments: Int, rowsPerPage: Int, Compression, threads: Int)] = [
      (1, 8192, .lz4, 1), (3, 64, .none, 3), (7, 1000, .zstd(level: 3), 2),
    ]
    for way in ways {
      let options = SegmentOptions(rowsPerPage: way.rowsPerPage, compression: way.2)
      let segments = try FixtureTable.all.mapValues { try $0.segments(way.segments, options) }
      for query in FixtureQuery.all {
        let (bound, table, _) = try bound(query)
        let result = try bound.run(
          over: try #require(segments[table.name]), schema: table.schema,
          parallelism: Parallelism(threadCount: way.threads, executor: pool))
        check(result, query, "\(way)")
      }
    }
  }

  /// Small loads, some inline in the log, then merged.
  @Test func answersSurviveCompaction() throws {
    let files = MemoryFileSystem()
    func now() -> ManualClock { ManualClock(Timestamp(rawValue: 1_000_000)) }
    let store = try Store.create("/store", files: files, clock: now(), entropy: 3)
    for table in FixtureTable.all.values.sorted(by: { $0.name < $1.name }) {
      try store.createTable(
        TableDefinition(
          name: table.name, schema: table.schema, bucketCount: 3,
          segmentOptions: SegmentOptions(rowsPerPage: 256)))
      for part in 0..<6 {
        let rows = part * table.rows.count / 6..<(part + 1) * table.rows.count / 6
        try store.load(table.batch(rows), into: table.name)
      }
    }
    try checkAll(in: store, "before compaction")
    let executor = SimulatedExecutor(seed: 5)
    let scheduler = CompactionScheduler(
      store: store, policy: try PolicyCatalogue.shipped.policy("full:k=2").policy,
      lanes: [
        CompactionLane(kinds: [.cumulative, .base, .full], slotCount: 1, executor: executor)
      ])
    scheduler.start()
    executor.runAll()
    scheduler.stop(cancelRunning: false)
    let counts = try store.snapshot(of: "lineitem").tablets.map(\.state.componentCount)
    #expect(counts.allSatisfy { $0 < 6 }, "\(counts)")
    try checkAll(in: store, "after compaction")
  }

  private func checkAll(in store: Store, _ way: String) throws {
    for query in FixtureQuery.all {
      let (bound, table, _) = try bound(query)
      check(try bound.run(on: store.snapshot(of: table.name)).result, query, way)
    }
  }
}
