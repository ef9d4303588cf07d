import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import Testing

/// Random queries over random tables give what a row-by-row evaluation gives.
@Suite struct QueryOracleTests {
  private func check(
    _ found: [[Value]], _ expected: [[Value]], _ context: @autoclosure () -> String
  ) {
    let isEqual =
      found.count == expected.count
      && zip(found, expected).allSatisfy { a, b in
        a.count == b.count && zip(a, b).allSatisfy(isClose)
      }
    #expect(isEqual, "\(context())\nfound \(found.prefix(5))\nexpected \(expected.prefix(5))")
  }

  @Test(arguments: 0..<16 as Range<UInt64>)
  func queriesAgreeWithTheOracle(batch: UInt64) throws {
    let pool = try WorkerPool(name: "query", threadCount: 2)
    defer { pool.shutdown() }
    for round in 0..<25 as Range<UInt64> {
      let seed = batch * 1000 + round
      var cases = RandomCases(seed: seed)
      let schema = try cases.schema()
      let segments = (0..<cases.below(4)).map { _ in
        cases.rows(schema, count: cases.below(150))
      }
      let sources = cases.sources(schema, segments)
      let oracle = RowOracle(schema: schema, rows: segments.flatMap { $0 })
      for _ in 0..<3 {
        let query = cases.query(schema)
        let found = try QueryExecutor.run(query, over: sources, schema: schema)
        check(found.rows, oracle.answer(query), "seed \(seed): \(query) of \(schema)")
        let shared = try QueryExecutor.run(
          query, over: sources, schema: schema,
          parallelism: Parallelism(threadCount: 3, executor: pool))
        check(shared.rows, oracle.answer(query), "3 threads, seed \(seed): \(query) of \(schema)")
        if shared.rows.count < query.limit ?? .max { #expect(shared.work == found.work) }
      }
    }
  }

  /// Zone maps may only say "none" or "all" when that is so, and selection must be exact.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func predicatesAgreeWithTheOracle(batch: UInt64) throws {
    for round in 0..<60 as Range<UInt64> {
      let seed = 100_000 + batch * 1000 + round
      var cases = RandomCases(seed: seed)
      let schema = try cases.schema()
      let rows = cases.rows(schema, count: 1 + cases.below(80))
      let source = cases.sources(schema, [rows])[0]
      let oracle = RowOracle(schema: schema, rows: rows)
      for _ in 0..<4 {
        let predicate = cases.predicate(schema)
        let bound = try predicate.bound(to: schema, analyzers: .standard)
        var evaluator = PredicateEvaluator(bound)
        for page in 0..<source.pageCount {
          let range = source.rowRange(ofPage: page)
          let expected = range.filter { oracle.truth(predicate, rows[$0]) == true }
          var work = ScanWork()
          let found = try evaluator.evaluate(rowCount: range.count) {
            #expect(bound.columns.contains($0))
            return try source.readPage(column: $0, page: page, work: &work)
          }
          #expect(
            found.rowIDs().map { Int($0) + range.lowerBound } == expected,
            "seed \(seed): \(predicate)")
          let verdict = try bound.prune { try source.bounds(ofColumn: $0, page: page) }
          if verdict == .none { #expect(expected.isEmpty, "seed \(seed): \(predicate)") }
          if verdict == .all {
            #expect(expected.count == range.count, "seed \(seed): \(predicate)")
          }
        }
        checkEqualityValues(bound, predicate, oracle, "seed \(seed): \(predicate)")
      }
    }
  }

  private func checkEqualityValues(
    _ bound: BoundPredicate, _ predicate: Predicate, _ oracle: RowOracle, _ context: String
  ) {
    for column in oracle.schema.columns.indices {
      guard let values = bound.equalityValues(ofColumn: column) else { continue }
      for row in oracle.rows where oracle.truth(predicate, row) == true {
        #expect(values.contains { isSame($0, row[column]) }, "\(context)")
      }
    }
  }

  /// Aggregations of parts, merged in any order, equal one aggregation of the whole.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func mergedPartsEqualTheWhole(batch: UInt64) throws {
    for round in 0..<25 as Range<UInt64> {
      let seed = 200_000 + batch * 1000 + round
      var cases = RandomCases(seed: seed)
      let schema = try cases.schema()
      let segments = (0..<3).map { _ in cases.rows(schema, count: cases.below(120)) }
      let sources = cases.sources(schema, segments)
      let query = cases.query(schema)
      guard case .groups(let names, let named) = query.output else { continue }
      let keys = try names.map(schema.requireIndex(of:))
      let aggregates = try named.map { try $0.aggregate.bound(to: schema, analyzers: .standard) }
      var parts: [Aggregation] = []
      for source in sources {
        let part = Aggregation(schema: schema, groupBy: keys, aggregates: aggregates)
        for page in 0..<source.pageCount {
          var work = ScanWork()
          try part.add(rowCount: source.rowRange(ofPage: page).count, selection: nil) {
            try source.readPage(column: $0, page: page, work: &work)
          }
        }
        parts.append(part)
      }
      let total = parts[2]
      total.merge(parts[0])
      total.merge(parts[1])
      var expected = Query.grouping(by: names)
      for aggregate in named {
        expected = expected.computing(aggregate.aggregate, as: aggregate.name)
      }
      let oracle = RowOracle(schema: schema, rows: segments.flatMap { $0 })
      check(try total.rows(), oracle.answer(expected), "seed \(seed): \(expected)")
    }
  }
}
