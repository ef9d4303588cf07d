import BenchKit
import CompactionPolicies
import IngestDriver
import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletEngine

/// Where the figures of `bench partial` are taken: stores with the table of product360.
struct PartialBed: Sendable {
  let folder: String
  let seconds: Double
  let workload: Product360
  let userCount: Int
  /// Keys of a commit.
  let batchRowCount: Int
  let policy: String
  let index: UniqueKeyOptions.Index
  /// Whether all columns are kept row by row as well.
  let hasRowStore: Bool

  static let table = "product360"

  /// Batches of a stream that are made before anything is timed, and loaded again and again.
  private static let batchCount = 24

  func withStore<Result>(_ body: (Store, IOCounters) throws -> Result) throws -> Result {
    let path = folder + "/store"
    defer { DataDirectory.remove(path) }
    let files = PosixFileSystem()
    let store = try Store.create(
      path, files: files, clock: SystemClock(), entropy: 1,
      options: StoreOptions(backPressure: .none))
    try store.createTable(
      TableDefinition(
        name: Self.table, schema: workload.schema, uniqueKeys: UniqueKeyOptions(index: index),
        rowStore: hasRowStore ? .all : nil))
    try fill(store)
    return try body(store, files.counters)
  }

  /// All users, whole rows.
  private func fill(_ store: Store) throws {
    let all = Array(workload.schema.columns.indices)
    for start in stride(from: 0, to: userCount, by: 10_000) {
      let users = (start..<min(userCount, start + 10_000)).map { Int64($0 + 1) }
      try store.load(workload.rows(all, users: users, turn: 0), into: Self.table)
    }
  }

  private func batches(_ columns: [Int], stream: Int, count: Int) throws -> [ColumnBatch] {
    var users = Product360Users(workload, stream: stream)
    return try (1...count).map { turn in
      try workload.rows(columns, users: users.draw(batchRowCount), turn: turn)
    }
  }

  // MARK: Updates

  /// One writer that updates whole rows.
  func measureWholeRows(into findings: inout CommitFindings) throws {
    let batches = try batches(
      Array(workload.schema.columns.indices), stream: 9, count: 4)
    try withStore { store, counters in
      try store.load(batches[0], into: Self.table)
      try measure("whole rows", store, counters, writers: 1, into: &findings) { _, turn in
        try store.load(batches[turn % batches.count], into: Self.table)
        return batchRowCount
      }
    }
  }

  /// One writer that updates the ten columns of a stream.
  func measureOneStream(
    _ strategy: PartialUpdate.Strategy, into findings: inout CommitFindings
  ) throws {
    let streams = try [1].map { ($0, try batches(ofStream: $0)) }
    try measure("10 columns, \(strategy.rawValue)", streams, strategy, into: &findings)
  }

  /// All four streams at once, a writer each.
  func measureAllStreams(
    _ strategy: PartialUpdate.Strategy, into findings: inout CommitFindings
  ) throws {
    let streams = try Product360.streamWidths.indices.map { ($0, try batches(ofStream: $0)) }
    try measure("four streams, \(strategy.rawValue)", streams, strategy, into: &findings)
  }

  private func batches(ofStream stream: Int) throws -> [ColumnBatch] {
    try batches(workload.columns(ofStream: stream), stream: stream, count: Self.batchCount)
  }

  private func measure(
    _ variant: String, _ streams: [(stream: Int, batches: [ColumnBatch])],
    _ strategy: PartialUpdate.Strategy, into findings: inout CommitFindings
  ) throws {
    try withStore { store, counters in
      try update(store, streams[0].stream, streams[0].batches[0], strategy)
      let rows = try measure(variant, store, counters, writers: streams.count, into: &findings) {
        client, turn in
        let (stream, batches) = streams[client]
        try update(store, stream, batches[turn % batches.count], strategy)
        return batchRowCount
      }
      findings.add(
        variant, "writing", "rows completed again, %",
        100 * Double(store.redonePartialRowCount) / max(1, rows))
    }
  }

  private func update(
    _ store: Store, _ stream: Int, _ batch: ColumnBatch, _ strategy: PartialUpdate.Strategy
  ) throws {
    let load = try store.beginPartialLoad(
      into: Self.table, updating: batch.schema.columns.map(\.name), strategy: strategy)
    try load.append(batch)
    try store.commit(load.prepare())
  }

  /// - Returns: how many rows the commits had.
  @discardableResult private func measure(
    _ variant: String, _ store: Store, _ counters: IOCounters, writers: Int,
    into findings: inout CommitFindings,
    _ commit: @escaping @Sendable (_ client: Int, _ turn: Int) throws -> Int
  ) throws -> Double {
    let clock = MonotonicClock()
    let upkeep = try PolicyUpkeep(store, policy: policy)
    let before = counters.total
    let outcome = try ClientThreads(count: writers, seconds: seconds).run { client, turn in
      let start = clock.now()
      return (try commit(client, turn), clock.now() - start)
    }
    let written = counters.total - before
    let rows = outcome.rowsPerSecond * seconds
    findings.add(variant, "writing", "rows/s", outcome.rowsPerSecond)
    findings.add(variant, "writing", "commit p50, ms", outcome.latencies.p50Milliseconds ?? 0)
    findings.add(variant, "writing", "commit p99, ms", outcome.latencies.p99Milliseconds ?? 0)
    findings.add(
      variant, "writing", "bytes written a row", Double(written.bytesWritten) / max(1, rows))
    // What the writers have left behind, with compaction as far as it has come.
    try measureReads(variant, "right after", store, into: &findings)
    upkeep.waitUntilQuiescent()
    try upkeep.stop()
    try measureReads(variant, "compaction at rest", store, into: &findings)
    return rows
  }

  // MARK: Reading

  /// A dashboard's sum over a column that a stream updates and one that none does, and whole rows
  /// by key.
  private func measureReads(
    _ variant: String, _ state: String, _ store: Store, into findings: inout CommitFindings
  ) throws {
    let table = try store.snapshot(of: Self.table)
    let updated = workload.schema.columns[workload.columns(ofStream: 1)[1]].name
    let other = workload.schema.columns[workload.schema.columns.count - 2].name
    for (what, column) in [("updated column", updated), ("other column", other)] {
      let query = Query.computing(.sum(column)).computing(.countAll)
      findings.add(variant, state, "sum of \(what), first, ms", try time(query, table, count: 1))
      findings.add(variant, state, "sum of \(what), ms", try time(query, table, count: 9))
    }
    let keys = try workload.rows([0], users: Array(1...Int64(min(userCount, 100))), turn: 0)
    let clock = MonotonicClock()
    let start = clock.now()
    _ = try table.lookup(keys.columns)
    findings.add(
      variant, state, "100 whole rows by key, ms", Double(clock.now() - start) / 1e6)
    try measureSingleRows(variant, state, table, into: &findings)
    findings.add(
      variant, state, "components", Double(table.tablets[0].state.componentCount))
  }

  /// One row after the other: ten of its columns, once what the deltas have is brought together.
  private func measureSingleRows(
    _ variant: String, _ state: String, _ table: TableSnapshot,
    into findings: inout CommitFindings
  ) throws {
    let columns = workload.columns(ofStream: 1)
    let users = (1...Int128(min(userCount, 100))).map { Value.integer($0) }
    func readAll() throws {
      for user in users {
        guard let row = try table.row(forKey: [user]) else { continue }
        for column in columns { _ = row.isNull(column) }
      }
    }
    try readAll()
    let clock = MonotonicClock()
    let start = clock.now()
    try readAll()
    findings.add(
      variant, state, "10 columns of a row by key, us",
      Double(clock.now() - start) / 1e3 / Double(users.count))
  }

  /// Milliseconds, the least of some runs.
  private func time(_ query: Query, _ table: TableSnapshot, count: Int) throws -> Double {
    let clock = MonotonicClock()
    var best = Double.infinity
    for _ in 0..<count {
      let start = clock.now()
      _ = try query.run(on: table)
      best = min(best, Double(clock.now() - start) / 1e6)
    }
    return best
  }
}
