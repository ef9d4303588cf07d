import BenchKit
import StorageBase
import StorageIO
import TabletEngine

// Clients that load one batch after the other.
extension CommitBed {
  func measureOneWriter(into findings: inout CommitFindings) throws {
    for rowCount in [100, 1000] {
      for policy in [nil, "gradient"] {
        let outcome = try run(
          1, rowCount: rowCount, options: options, durability: .sync, policy: policy)
        let variant = "\(rowCount) rows" + (policy == nil ? "" : ", compaction")
        findings.add("one-writer", variant, "rows/s", outcome.rowsPerSecond)
        findings.add(
          "one-writer", variant, "CPU of a load, us", outcome.cpuMicrosecondsPerLoad)
        findings.add(
          "one-writer", variant, "commit p50, ms", outcome.latencies.p50Milliseconds ?? 0)
      }
    }
  }

  func measureManyWriters(into findings: inout CommitFindings) throws {
    let part = "many-writers"
    var filePerLoad = options
    filePerLoad.inlineRowsetByteCountMax = 0
    var baseline = 1.0
    for durability in [Durability.sync, .group(milliseconds: 20), .none] {
      for (name, options) in [("file per load", filePerLoad), ("inline", options)] {
        let variant = "\(durability), \(name)"
        let outcome = try run(
          Self.manyClients, rowCount: 100, options: options, durability: durability)
        findings.add(part, variant, "rows/s", outcome.rowsPerSecond)
        if name == "inline" {
          findings.add(part, variant, "times file per load", outcome.rowsPerSecond / baseline)
        } else {
          baseline = outcome.rowsPerSecond
        }
        try add(outcome, part, variant, "commit", to: &findings)
      }
    }
    let prepared = try runPrepared(Self.manyClients, rowCount: 100)
    findings.add(part, "sync, inline, encoded before", "rows/s", prepared.rowsPerSecond)
    try add(prepared, part, "sync, inline, encoded before", "commit", to: &findings)
    let grouped = try runGroupLoads(Self.manyClients, rowCount: 100)
    findings.add(part, "group load, async", "rows/s", grouped.rowsPerSecond)
    try add(grouped, part, "group load, async", "answer", to: &findings)
  }

  private static let manyClients = 64

  /// The latencies of an outcome, and the last one beside a plain append and sync of 2 KiB, about
  /// 100 rows.
  private func add(
    _ outcome: ClientThreads.Outcome, _ part: String, _ variant: String, _ what: String,
    to findings: inout CommitFindings
  ) throws {
    let disk = try DiskSync(folder: folder, byteCount: 2048).median(of: 200)
    findings.add(part, variant, "CPU of a load, us", outcome.cpuMicrosecondsPerLoad)
    let p99 = outcome.latencies.p99Milliseconds ?? 0
    findings.add(part, variant, "\(what) p50, ms", outcome.latencies.p50Milliseconds ?? 0)
    findings.add(part, variant, "\(what) p99, ms", p99)
    findings.add(part, variant, "\(what) p99 / plain sync", p99 / (Double(disk) / 1e6))
  }

  /// Clients that sort, encode and commit; what is timed is the commit.
  private func run(
    _ clientCount: Int, rowCount: Int, options: StoreOptions, durability: Durability,
    policy: String? = nil
  ) throws -> ClientThreads.Outcome {
    let batches = try (0..<clientCount).map {
      try self.batches(rowCount, client: $0, of: clientCount)
    }
    let clock = MonotonicClock()
    return try withStore(options, durability) { store in
      let upkeep = try PolicyUpkeep(store, policy: policy)
      let outcome = try ClientThreads(count: clientCount, seconds: seconds).run { client, turn in
        let own = batches[client]
        let load = try prepared(own[turn % own.count], in: store)
        let start = clock.now()
        try store.commit(load)
        return (load.rowCount, clock.now() - start)
      }
      try upkeep.stop()
      return outcome
    }
  }

  /// Clients whose loads have been encoded before, so that they only commit.
  private func runPrepared(_ clientCount: Int, rowCount: Int) throws -> ClientThreads.Outcome {
    let clock = MonotonicClock()
    return try withStore(options) { store in
      let loads = try (0..<clientCount).map { client in
        let own = try batches(rowCount, client: client, of: clientCount)
        return try (0..<Self.preparedPerClient).map {
          try prepared(own[$0 % own.count], in: store)
        }
      }
      return try ClientThreads(count: clientCount, turns: Self.preparedPerClient).run {
        client, turn in
        let load = loads[client][turn]
        let start = clock.now()
        try store.commit(load)
        return (load.rowCount, clock.now() - start)
      }
    }
  }

  /// Together below the limit of transactions that run at once.
  private static let preparedPerClient = 100

  /// Clients that hand in rows and go on as soon as these are durable; the version that makes them
  /// visible at the end is in the time.
  private func runGroupLoads(_ clientCount: Int, rowCount: Int) throws -> ClientThreads.Outcome {
    let batches = try (0..<clientCount).map {
      try self.batches(rowCount, client: $0, of: clientCount)
    }
    let clock = MonotonicClock()
    return try withStore(options) { store in
      try ClientThreads(count: clientCount, seconds: seconds).run { client, turn in
        let own = batches[client]
        let start = clock.now()
        let receipt = try store.groupLoad(
          own[turn % own.count], into: Self.table, mode: .async)
        return (receipt.rowCount, clock.now() - start)
      } finish: {
        try store.flushGroupLoads()
      }
    }
  }
}
