import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import Testing

/// Queries on several threads, and groups by the thousand.
@Suite struct ParallelQueryTests {
  private let schema: Schema
  private let segments: [MemorySource]
  private let rows: [[Value]]

  init() throws {
    let schema = try Schema(
      [
        (name: "key", type: .int64, isNullable: false),
        (name: "amount", type: .int64, isNullable: false),
        (name: "rate", type: .double, isNullable: false),
      ], sortKeyCount: 1)
    var random = SeededGenerator(seed: 77)
    let rows = (0..<9000).map { _ -> [Value] in
      [
        .integer(Int128(random.next() % 3000)), .integer(Int128(random.next() % 1000)),
        .floating(Double(random.next() % 1000) / 7),
      ]
    }
    self.schema = schema
    self.rows = rows
    segments = (0..<3).map { part in
      MemorySource(
        schema: schema, rows: Array(rows[part * 3000..<(part + 1) * 3000]), rowsPerPage: 50)
    }
  }

  private func run(_ query: Query, _ parallelism: Parallelism = .none) throws -> [[Value]] {
    try QueryExecutor.run(query, over: segments, schema: schema, parallelism: parallelism).rows
  }

  @Test(arguments: [Query.Direction.ascending, .descending])
  func theFirstOfManyGroupsAreThoseOfASort(direction: Query.Direction) throws {
    let grouped = Query.grouping(by: "key").computing(.sum("amount"), as: "total")
    let all = try run(grouped.ordered(by: "total", direction))
    #expect(all.count > 2500)
    for limit in [1, 7, 200, 2000] {
      let query = grouped.ordered(by: "total", direction).limited(to: limit)
      #expect(try run(query) == Array(all.prefix(limit)))
    }
    let byKey = grouped.ordered(by: "key", direction).limited(to: 20)
    let keys = Set(rows.map { $0[0] }).sorted { a, b in
      direction == .ascending ? a.precedes(b) : b.precedes(a)
    }
    #expect(try run(byKey).map { $0[0] } == Array(keys.prefix(20)))
  }

  @Test func aQueryDoesNotWaitForJobsThatNeverBegin() throws {
    let stuck = SimulatedExecutor(seed: 1)
    let query = Query.grouping(by: "key").computing(.sum("amount"))
    #expect(try run(query, Parallelism(threadCount: 4, executor: stuck)) == run(query))
    #expect(stuck.runAll() == 3)
  }

  @Test func sumsOfFractionsDependOnTheNumberOfThreadsOnly() throws {
    let pool = try WorkerPool(name: "query", threadCount: 3)
    defer { pool.shutdown() }
    let query = Query.grouping(by: "key").computing(.sum("rate"))
    let first = try run(query, Parallelism(threadCount: 3, executor: pool))
    for _ in 0..<5 {
      #expect(try run(query, Parallelism(threadCount: 3, executor: pool)) == first)
    }
  }

  @Test func cancellingEndsAllThreads() throws {
    let pool = try WorkerPool(name: "query", threadCount: 2)
    defer { pool.shutdown() }
    #expect(throws: CancellationError.self) {
      try QueryExecutor.run(
        .computing(.sum("amount")), over: self.segments, schema: self.schema,
        parallelism: Parallelism(threadCount: 3, executor: pool), isCancelled: { true })
    }
  }

  @Test func aComputedValueThatDoesNotFitIsRefused() throws {
    let large = Expression.literal(.integer(powerOfTen(38)))
    let query = Query.computing(.sum(of: .column("amount") * large))
    #expect(throws: StorageError.self) { try self.run(query) }
    // What is not selected does not matter.
    let none = query.filtered(by: Field("amount") == 0)
    #expect(try run(none) == [[.integer(0)]])
  }
}
