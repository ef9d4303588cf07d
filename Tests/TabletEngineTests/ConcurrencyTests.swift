import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import Testing

@testable import TabletEngine

/// Real threads: writers, readers and compaction on one table at the same time.
@Suite struct ConcurrencyTests {
  private static let writerCount = 6
  private static let loadCount = 40
  private static let rowsPerLoad = 30

  /// Rows of one load go to all tablets and carry its number; a reader must find all or none.
  private static func batch(_ load: Int) throws -> ColumnBatch {
    try TestStore.batch(
      (0..<rowsPerLoad).map { row in
        [
          .integer(Int128(row)), .integer(Int128(load)), .null, .integer(1),
          .string("load \(load)"),
        ]
      })
  }

  @Test func loadsAreSeenWholeAndOnce() throws {
    let files = MemoryFileSystem()
    let store = try TestStore.create(
      files, options: StoreOptions(logFileByteCountMax: 50_000, staleGraceSeconds: 0), buckets: 4)
    let compaction = try WorkerPool(name: "compaction", threadCount: 2)
    let scheduler = CompactionScheduler(
      store: store, policy: EagerPolicy(threshold: 4),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 2, executor: compaction)])
    scheduler.start()
    let failures = Mutex<[String]>([])
    let clients = try WorkerPool(name: "clients", threadCount: Self.writerCount + 2)
    let busyWriters = BusyCount(Self.writerCount)
    for writer in 0..<Self.writerCount {
      clients.submit {
        do {
          for load in 0..<Self.loadCount {
            let number = writer * Self.loadCount + load
            try store.load(Self.batch(number), into: TestStore.tableName)
          }
        } catch {
          failures.withLock { $0.append("writer: \(error)") }
        }
        busyWriters.countDown()
      }
    }
    for _ in 0..<2 {
      clients.submit {
        while busyWriters.count > 0 {
          do {
            let problem = try Self.problem(in: store)
            if let problem { failures.withLock { $0.append(problem) } }
            try store.sweepStaleRowsets()
          } catch {
            failures.withLock { $0.append("reader: \(error)") }
          }
        }
      }
    }
    clients.shutdown()
    while !scheduler.isQuiescent { compaction.waitUntilIdle() }
    scheduler.stop(cancelRunning: false)
    compaction.shutdown()
    #expect(failures.withLock { $0.prefix(3) } == [])
    #expect(
      try store.snapshot(of: TestStore.tableName).rowCount
        == Self.writerCount * Self.loadCount * Self.rowsPerLoad)
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// What is wrong with a snapshot: a load of which a part is missing.
  private static func problem(in store: Store) throws -> String? {
    let counts = try Query.grouping(by: "at").computing(.countAll, as: "count")
      .run(on: store.snapshot(of: TestStore.tableName)).result.rows
    let partial = counts.filter { $0[1] != .integer(Int128(rowsPerLoad)) }
    return partial.isEmpty ? nil : "loads seen in part: \(partial)"
  }
}

/// How many have not ended.
private final class BusyCount: Sendable {
  private let remaining: Atomic<Int>

  init(_ count: Int) { remaining = Atomic(count) }

  var count: Int { remaining.load(ordering: .acquiring) }
  func countDown() { remaining.subtract(1, ordering: .releasing) }
}
