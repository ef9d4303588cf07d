import BenchKit
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

// How long rows take from a client's hands to where queries see them, as fast as the disk and
// compaction allow.
extension CommitBed {
  private static let clientCount = 30
  private static let pauseNanoseconds: UInt64 = 1_000_000

  func measureVisible(into findings: inout CommitFindings) throws {
    let ways: [(name: String, backPressure: BackPressure)] = [
      ("slowed", StoreOptions().backPressure), ("hard limit", .hard),
    ]
    for way in ways {
      let outcome = try runVisible(StoreOptions(backPressure: way.backPressure))
      let variant = "\(Self.clientCount) clients, compaction, \(way.name)"
      findings.add("visible", variant, "rows/s", outcome.rowsPerSecond)
      findings.add("visible", variant, "CPU of a load, us", outcome.cpuMicrosecondsPerLoad)
      findings.add("visible", variant, "p50, ms", outcome.latencies.p50Milliseconds ?? 0)
      findings.add("visible", variant, "p99, ms", outcome.latencies.p99Milliseconds ?? 0)
      findings.add("visible", variant, "longest, ms", outcome.latencies.maxMilliseconds ?? 0)
    }
  }

  private func runVisible(_ options: StoreOptions) throws -> ClientThreads.Outcome {
    let batches = try (0..<Self.clientCount).map {
      try self.batches(100, client: $0, of: Self.clientCount)
    }
    let clock = MonotonicClock()
    var options = options
    options.staleGraceSeconds = 1
    return try withStore(options) { store in
      let upkeep = try PolicyUpkeep(store, policy: "gradient")
      let outcome = try ClientThreads(count: Self.clientCount, seconds: seconds)
        .run { client, turn in
          let start = clock.now()
          let load = try prepared(batches[client][turn % batches[client].count], in: store)
          try commitWhenThereIsRoom(load, in: store)
          return (load.rowCount, clock.now() - start)
        }
      try upkeep.stop()
      return outcome
    }
  }

  /// A tablet has a limit of versions; who meets it waits for compaction, and the wait counts.
  private func commitWhenThereIsRoom(_ load: PreparedLoad, in store: Store) throws {
    while true {
      do {
        try store.commit(load)
        return
      } catch StorageError.tooManyVersions {
        sleepThread(nanoseconds: Self.pauseNanoseconds)
      }
    }
  }
}
