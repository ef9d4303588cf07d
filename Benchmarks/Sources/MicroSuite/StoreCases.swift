import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// What a load and a merge cost, on a file system in memory: no disk, all of the work.
enum StoreCases {
  static func all() throws -> [MicroCase] {
    [try write(), try encodeOnly(), try merge(), commit()]
  }

  private static let path = "/store"
  static let tableName = "orders"

  /// A store with an empty table of order events.
  static func makeStore(buckets: Int) throws -> Store {
    let store = try Store.create(
      path, files: MemoryFileSystem(), clock: ManualClock(), entropy: 1)
    try store.createTable(
      TableDefinition(
        name: tableName, schema: IngestCases.orders(count: 1).schema, bucketCount: buckets))
    return store
  }

  private static func write() throws -> MicroCase {
    let batch = try IngestCases.orders(count: 1 << 16)
    return MicroCase(
      "load", "sort, encode and LZ4, order events", byteCount: IngestCases.byteCount(batch),
      valueCount: batch.rowCount, ceiling: .pageCopy
    ) {
      let store = try makeStore(buckets: 1)
      return {
        let builder = try store.beginLoad(into: tableName)
        try builder.append(batch)
        _ = try builder.prepare()
      }
    }
  }

  private static func encodeOnly() throws -> MicroCase {
    let batch = try IngestCases.orders(count: 1 << 16)
    return MicroCase(
      "load", "encode and LZ4, order events", byteCount: IngestCases.byteCount(batch),
      valueCount: batch.rowCount, ceiling: .pageCopy, note: "without the sort"
    ) {
      { _ = try SegmentWriter.encode(batch, options: SegmentOptions()) }
    }
  }

  private static let mergeInputCount = 8

  private static func merge() throws -> MicroCase {
    let source = (0..<mergeInputCount).map { _ in 1 << 15 }
    let batches = try source.map { try IngestCases.orders(count: $0) }
    return MicroCase(
      "merge", "8 sorted inputs, vertically",
      byteCount: batches.reduce(0) { $0 + IngestCases.byteCount($1) },
      valueCount: batches.reduce(0) { $0 + $1.rowCount }, ceiling: .pageCopy,
      note: "reading, merging, encoding, LZ4"
    ) {
      let store = try makeStore(buckets: 1)
      for batch in batches { try store.load(batch, into: tableName) }
      return { try mergeAll(of: store) }
    }
  }

  /// Merges the loads of a store whose table has one tablet.
  static func mergeAll(of store: Store) throws {
    let scheduler = CompactionScheduler(
      store: store, policy: MergeAllPolicy(),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
    scheduler.start()
    scheduler.stop(cancelRunning: false)
    let tablets = try store.snapshot(of: tableName).tablets
    precondition(tablets.allSatisfy { $0.state.componentCount == 1 }, "nothing was merged")
  }

  private static func commit() -> MicroCase {
    let commitCount = 500
    return MicroCase(
      "commit", "loads of 20 rows on 4 tablets", byteCount: 0, valueCount: commitCount,
      note: "one thread; a value is a commit"
    ) {
      let store = try makeStore(buckets: 4)
      let loads = try preparedLoads(store, count: commitCount, rowCount: 20)
      return { for load in loads { try store.commit(load) } }
    }
  }

  static func preparedLoads(
    _ store: Store, count: Int, rowCount: Int
  ) throws -> [PreparedLoad] {
    let batch = try IngestCases.orders(count: rowCount)
    return try (0..<count).map { _ in
      let builder = try store.beginLoad(into: tableName)
      try builder.append(batch)
      return try builder.prepare()
    }
  }
}

/// Merges everything there is, once.
private struct MergeAllPolicy: CompactionPolicy {
  var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "single run", granularity: "whole tablet", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    let components = facts.components
    guard components.count > 1, facts.inFlight.isEmpty else {
      return .wait(until: nil, because: "one component")
    }
    return .compact(
      [.merging(components, kind: .cumulative)], because: "\(components.count) components")
  }
}
