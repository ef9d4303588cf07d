import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import Testing

/// Queries ask before they hold more, and end when they get no more.
@Suite struct QueryMemoryTests {
  private static let rowCount = 40_000
  private let schema: Schema
  private let source: MemorySource

  init() throws {
    schema = try Schema(
      [("key", .int64, false), ("amount", .int64, false)], sortKeyCount: 1)
    source = MemorySource(
      schema: schema,
      rows: (0..<Self.rowCount).map {
        [.integer(Int128($0) * 1_000_003), .integer(Int128($0 % 100))]
      }, rowsPerPage: 1000)
  }

  private struct Refusal: Error {}

  /// What a query took in all; nil when it was ended at `limit`.
  private func taken(
    _ query: Query, limit: Int = .max, parallelism: Parallelism = .none
  ) throws -> Int? {
    let total = Mutex(0)
    let memory = QueryMemory { count in
      try total.withLock { sum in
        guard sum + count <= limit else { throw Refusal() }
        sum += count
      }
    }
    do {
      _ = try QueryExecutor.run(
        query, over: [source], schema: schema, parallelism: parallelism, memory: memory)
    } catch is Refusal {
      return nil
    }
    return total.withLock { $0 }
  }

  private static let groups = Query.grouping(by: "key").computing(.sum("amount"))
  private static let distinct = Query.computing(.countDistinct("key"))
  private static let rows = Query.selectingAll()

  @Test func whatGrowsWithTheDataIsAskedFor() throws {
    for query in [Self.groups, Self.distinct, Self.rows] {
      let all = try #require(try taken(query))
      // A key and a figure of each group, a value, a row of two values.
      #expect(all > Self.rowCount * 4 && all < Self.rowCount * 200, "\(query): \(all)")
      #expect(try taken(query, limit: all / 2) == nil)
      #expect(try taken(query, limit: all) == all)
    }
    // Few groups, one row and the first rows need next to nothing.
    for query in [
      Query.grouping(by: "amount").computing(.countAll), Query.computing(.sum("amount")),
      Query.selectingAll().ordered(by: "amount").limited(to: 10),
    ] {
      #expect(try #require(try taken(query)) < 200_000)
    }
  }

  @Test func allThreadsOfAQueryAskAndEnd() throws {
    let pool = try WorkerPool(name: "query", threadCount: 2)
    defer { pool.shutdown() }
    let parallelism = Parallelism(threadCount: 3, executor: pool)
    for _ in 0..<5 {
      #expect(try #require(try taken(Self.groups, parallelism: parallelism)) > 500_000)
      #expect(try taken(Self.groups, limit: 300_000, parallelism: parallelism) == nil)
    }
  }
}
