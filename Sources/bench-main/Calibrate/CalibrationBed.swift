import BenchKit
import CompactionPolicies
import IngestDriver
import PolicyLab
import QueryEngine
import StorageBase
import StorageIO
import TabletEngine

/// Where things are timed that a cost model has a price for: loads, merges and queries of order
/// events, on one thread, one tablet at a time.
struct CalibrationBed {
  let folder: String
  let seed: UInt64
  /// Called between measurements; what it throws ends them.
  let keepGoing: () throws -> Void

  /// One thing of some size, and what it took.
  struct Sample {
    /// Bytes, or components.
    let size: Double
    let cpuSeconds: Double
    let elapsedSeconds: Double
  }

  /// Loads and the merges of them; each of `loadCount` loads of so many rows.
  func merges(rowCounts: [Int], loadCount: Int, rounds: Int) throws -> (
    loads: [Sample], merges: [Sample]
  ) {
    var (loads, merges): ([Sample], [Sample]) = ([], [])
    let policy = try PolicyCatalogue.shipped.policy("full").policy
    for rowCount in rowCounts {
      for round in 0..<rounds {
        try keepGoing()
        try withStore { store, table in
          loads += try fill(
            store, table, rowCount: rowCount, loadCount: loadCount, round: UInt64(round))
          let tablets = store.snapshot().flatMap(\.tablets)
          let bytes = tablets.reduce(0) { $0 + $1.byteCount }
          var run = CompactionRun(store: store, policy: policy, goal: .everything(.full))
          merges.append(
            try sample(Double(bytes)) { _ = try run.run(tablets.map(\.id)) })
        }
      }
    }
    return (loads, merges)
  }

  /// Queries of a dashboard on the same rows in more and more rowsets.
  func queries(rowCount: Int, loadCounts: [Int], rounds: Int) throws -> [Sample] {
    var samples: [Sample] = []
    for loadCount in loadCounts {
      try keepGoing()
      try withStore { store, table in
        _ = try fill(
          store, table, rowCount: rowCount / loadCount, loadCount: loadCount, round: 0)
        let source = try factory(round: 0).makeSource(writer: 0, writerCount: 1)
        guard let batch = try source.nextBatch(maxRows: rounds) else { return }
        let dashboard = Dashboard(schema: table.schema)
        let snapshot = try store.snapshot(of: table.name)
        for round in 0...rounds {
          let row = batch.columns.map { $0[round % batch.rowCount] }
          let one = try sample(Double(loadCount)) {
            for kind in dashboard.kinds.indices {
              _ = try dashboard.query(kind, about: row).run(on: snapshot)
            }
          }
          // The first one maps files and opens segments.
          if round > 0 {
            samples.append(
              Sample(
                size: one.size, cpuSeconds: one.cpuSeconds / Double(dashboard.kinds.count),
                elapsedSeconds: one.elapsedSeconds / Double(dashboard.kinds.count)))
          }
        }
      }
    }
    return samples
  }

  private func factory(round: UInt64) throws -> OrderEvents {
    var parameters = OrderEvents.Parameters()
    parameters.seed = seed &+ round
    return try OrderEvents(parameters)
  }

  private func withStore(_ body: (Store, TableDefinition) throws -> Void) throws {
    let path = folder + "/store"
    defer { DataDirectory.remove(path) }
    let store = try Store.create(
      path, files: PosixFileSystem(), clock: SystemClock(), entropy: 1,
      options: StoreOptions(backPressure: .none))
    let table = try TableDefinition(
      name: "orders", schema: factory(round: 0).schema, distribution: ["user_id"],
      bucketCount: 1)
    try store.createTable(table)
    try body(store, table)
  }

  private func fill(
    _ store: Store, _ table: TableDefinition, rowCount: Int, loadCount: Int, round: UInt64
  ) throws -> [Sample] {
    let source = try factory(round: round).makeSource(writer: 0, writerCount: 1)
    var samples: [Sample] = []
    for _ in 0..<loadCount {
      guard let batch = try source.nextBatch(maxRows: rowCount) else { break }
      var bytes = 0
      let one = try sample(0) {
        let builder = try store.beginLoad(into: table.name)
        try builder.append(batch)
        bytes = try store.commit(builder.prepare()).byteCount
      }
      samples.append(
        Sample(
          size: Double(bytes), cpuSeconds: one.cpuSeconds, elapsedSeconds: one.elapsedSeconds))
    }
    return samples
  }

  private func sample(_ size: Double, _ body: () throws -> Void) rethrows -> Sample {
    let clock = MonotonicClock()
    let (cpu, start) = (ProcessUsage.threadCPUSeconds(), clock.now())
    try body()
    return Sample(
      size: size, cpuSeconds: ProcessUsage.threadCPUSeconds() - cpu,
      elapsedSeconds: Double(clock.now() - start) / 1e9)
  }
}
