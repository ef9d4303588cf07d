import BenchKit
import IngestDriver
import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import TabletEngine

/// Where the figures of `bench upsert` are taken: stores with the newest states of orders.
struct UpsertBed: Sendable {
  let folder: String
  /// How long each timed stretch takes.
  let seconds: Double
  /// Orders that are there before anything is timed.
  let rowCount: Int
  let options: UniqueKeyOptions
  let policy: String

  static let table = "order_states"

  func definition(isUnique: Bool = true) throws -> TableDefinition {
    let schema = try OrderStates().schema
    return try TableDefinition(
      name: Self.table,
      schema: Schema(
        columns: schema.columns, sortKeyCount: schema.sortKeyCount,
        keysModel: isUnique ? .unique : .duplicate),
      uniqueKeys: isUnique ? options : nil)
  }

  func withStore<Result>(
    isUnique: Bool = true, _ body: (Store, IOCounters) throws -> Result
  ) throws -> Result {
    let path = folder + "/store"
    defer { DataDirectory.remove(path) }
    let files = PosixFileSystem()
    return try body(create(path, files, isUnique: isUnique), files.counters)
  }

  /// A store with an empty table.
  func create(_ path: String, _ files: PosixFileSystem, isUnique: Bool = true) throws -> Store {
    let store = try Store.create(
      path, files: files, clock: SystemClock(), entropy: 1, options: Self.storeOptions)
    try store.createTable(definition(isUnique: isUnique))
    return store
  }

  func open(_ path: String) throws -> Store {
    try Store.open(
      path, files: PosixFileSystem(), clock: SystemClock(), options: Self.storeOptions)
  }

  private static var storeOptions: StoreOptions { StoreOptions(backPressure: .none) }

  /// Loads orders from number 2 on, each once.
  func fill(_ store: Store) throws {
    var parameters = OrderStates.Parameters()
    parameters.hitPercentage = 0
    let source = try OrderStates(parameters).makeSource(writer: 0, writerCount: 1)
    var left = rowCount
    while left > 0, let batch = try source.nextBatch(maxRows: min(left, 100_000)) {
      try store.load(batch, into: Self.table)
      left -= batch.rowCount
    }
  }

  /// Changes, with 80 of 100 rows to orders that are there.
  func changes(hitPercentage: Int = 80) throws -> any BatchSource {
    var parameters = OrderStates.Parameters()
    parameters.seed = 2
    parameters.hitPercentage = hitPercentage
    parameters.knownCount = rowCount
    return try OrderStates(parameters).makeSource(writer: 0, writerCount: 1)
  }

  /// One writer whose commits are durable, with compaction beside it.
  func measureUpserts(_ batchRowCount: Int, into findings: inout CommitFindings) throws {
    let variant = "\(batchRowCount) rows a commit"
    let source = try changes()
    let batches = try (0..<Self.batchCount(batchRowCount)).compactMap { _ in
      try source.nextBatch(maxRows: batchRowCount)
    }
    let clock = MonotonicClock()
    try withStore { store, counters in
      try fill(store)
      // The index is built before the first change is timed.
      try store.load(batches[0], into: Self.table)
      let upkeep = try PolicyUpkeep(store, policy: policy)
      let bytesBefore = IOCause.allCases.map { counters[$0].bytesWritten }
      let deviceBefore = ProcessUsage.deviceBytesWritten()
      let outcome = try ClientThreads(count: 1, seconds: seconds).run { _, turn in
        let start = clock.now()
        try store.load(batches[turn % batches.count], into: Self.table)
        return (batchRowCount, clock.now() - start)
      }
      try upkeep.stop()
      let deviceAfter = ProcessUsage.deviceBytesWritten()
      let written = IOCause.allCases.map {
        counters[$0].bytesWritten - bytesBefore[$0.rawValue]
      }
      let rows = max(1, outcome.rowsPerSecond * seconds)
      findings.add("upsert", variant, "rows/s", outcome.rowsPerSecond)
      findings.add("upsert", variant, "CPU of a load, us", outcome.cpuMicrosecondsPerLoad)
      findings.add(
        "upsert", variant, "of it the writer's, us", outcome.clientMicrosecondsPerLoad)
      findings.add("upsert", variant, "load p50, ms", outcome.latencies.p50Milliseconds ?? 0)
      findings.add("upsert", variant, "load p99, ms", outcome.latencies.p99Milliseconds ?? 0)
      findings.add(
        "upsert", variant, "load p99.9, ms", outcome.latencies.p999Milliseconds ?? 0)
      findings.add("upsert", variant, "load max, ms", outcome.latencies.maxMilliseconds ?? 0)
      let width = Self.byteCountOfRow(batches)
      let total = Double(written.reduce(0, +)) / rows
      findings.add("upsert", variant, "logical bytes a row", width)
      findings.add("upsert", variant, "bytes written a row", total)
      for (cause, name) in [(IOCause.log, "log"), (.compaction, "compaction")] {
        findings.add(
          "upsert", variant, "of it \(name)", Double(written[cause.rawValue]) / rows)
      }
      findings.add("upsert", variant, "written / logical bytes", total / width)
      if let deviceBefore, let deviceAfter {
        let device = Double(deviceAfter - deviceBefore) / rows
        findings.add("upsert", variant, "device bytes a row", device)
        findings.add("upsert", variant, "device / logical bytes", device / width)
      }
      let tablet = try store.snapshot(of: Self.table).tablets[0]
      findings.add("upsert", variant, "bytes of deletes", Double(tablet.deleteByteCount))
      if let index = tablet.keyIndexMemory {
        findings.add(
          "upsert", variant, "index bytes a key",
          Double(index.byteCount) / Double(max(1, index.keyCount)))
      }
    }
  }

  /// Bytes of the values of a row as a client sends them, on average.
  private static func byteCountOfRow(_ batches: [ColumnBatch]) -> Double {
    let rows = batches.reduce(0) { $0 + $1.rowCount }
    return Double(batches.reduce(0) { $0 + $1.logicalByteCount }) / Double(max(1, rows))
  }

  /// Enough that the cache does not hold them all, at most 100 000 rows.
  private static func batchCount(_ rowCount: Int) -> Int { max(16, 1_000_000 / rowCount / 4) }

  /// Scans of the same rows in a duplicate-key table, in a unique-key one after compaction, and
  /// with a tenth of them deleted since.
  func measureScans(into findings: inout CommitFindings) throws {
    let query = Query.computing(.sum("amount")).computing(.countAll)
      .filtered(by: Field("quantity") < 5)
    func time(_ store: Store) throws -> Double {
      let table = try store.snapshot(of: Self.table)
      let clock = MonotonicClock()
      var best = Double.infinity
      for _ in 0..<15 {
        let start = clock.now()
        _ = try query.run(on: table)
        best = min(best, Double(clock.now() - start) / 1e6)
      }
      return best
    }
    let plain = try withStore(isUnique: false) { store, _ in
      try fill(store)
      try compact(store)
      return try time(store)
    }
    try withStore { store, _ in
      try fill(store)
      try compact(store)
      let compacted = try time(store)
      let changes = try changes(hitPercentage: 100)
      while try deletedShare(store) < 0.1, let batch = try changes.nextBatch(maxRows: 10_000) {
        try store.load(batch, into: Self.table)
      }
      let marked = try time(store)
      let stored = Double(try store.snapshot(of: Self.table).rowCount)
      findings.add("scan", "duplicate keys", "ms", plain)
      findings.add("scan", "unique keys, compacted", "times duplicate", compacted / plain)
      // What is stored twice is read twice; a row of it costs the same.
      findings.add(
        "scan", "unique keys, a tenth deleted", "times duplicate", marked / plain)
      findings.add(
        "scan", "unique keys, a tenth deleted", "stored rows / live rows",
        stored / Double(try store.snapshot(of: Self.table).tablets[0].liveRowCount()))
    }
  }

  private func deletedShare(_ store: Store) throws -> Double {
    let tablet = try store.snapshot(of: Self.table).tablets[0]
    return 1 - Double(try tablet.liveRowCount()) / Double(tablet.rowCount)
  }

  func compact(_ store: Store) throws {
    let upkeep = try PolicyUpkeep(store, policy: "full")
    upkeep.waitUntilQuiescent()
    try upkeep.stop()
  }
}
