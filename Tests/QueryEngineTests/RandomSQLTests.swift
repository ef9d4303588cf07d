import QueryEngine
import SegmentFormat
import StorageBase
import StorageIO
import Testing

/// Random statements give what a row-by-row evaluation of them gives.
@Suite struct RandomSQLTests {
  @Test(arguments: ["lineitem", "orders", "readings"], 0..<6 as Range<UInt64>)
  func statementsAgreeWithTheReference(name: String, batch: UInt64) throws {
    let table = try #require(FixtureTable.all[name]).prefix(400)
    let pool = try WorkerPool(name: "query", threadCount: 2)
    defer { pool.shutdown() }
    let segments = try table.segments(
      3, SegmentOptions(rowsPerPage: [16, 50, 8192][Int(batch) % 3]))
    var answered = 0
    for round in 0..<25 as Range<UInt64> {
      let seed = 500_000 + batch * 1000 + round
      var random = RandomSQL(seed: seed, table)
      let text = random.statement()
      let context = "table \(name), seed \(seed): \(text)"
      let statement = try SQLStatement(text)
      let query: SQLQuery
      do {
        query = try statement.bound(to: table.schema)
      } catch {
        Issue.record("\(context): \(error)")
        continue
      }
      let expected = SQLReference(statement, table).answer()
      answered += expected.isEmpty ? 0 : 1
      for threads in [1, 3] {
        let result = try query.run(
          over: segments, schema: table.schema,
          parallelism: Parallelism(threadCount: threads, executor: pool))
        let found = result.rows.map { row in
          zip(row, result.columns).map { NaiveValue($0, $1.type) }
        }
        let isEqual =
          found.count == expected.count
          && zip(found, expected).allSatisfy { zip($0, $1).allSatisfy { $0.isClose(to: $1) } }
        #expect(
          isEqual,
          "\(context)\n\(threads) threads\nfound \(found.prefix(5))\nexpected \(expected.prefix(5))"
        )
      }
    }
    #expect(answered > 8, "most statements of table \(name), batch \(batch) select nothing")
  }
}
