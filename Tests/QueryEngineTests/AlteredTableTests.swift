import QueryEngine
import ScanKernels
import StorageBase
import TabletEngine
import Testing

/// Random histories of loads, schema changes, compactions and restarts read as a model says that
/// keeps its rows by column id.
@Suite struct AlteredTableTests {
  @Test(arguments: 0..<16 as Range<UInt64>)
  func historiesAgreeWithTheModel(batch: UInt64) throws {
    var alterCount = 0
    for round in 0..<2 as Range<UInt64> {
      let seed = 700_000 + batch * 100 + round
      var cases = RandomCases(seed: seed)
      var table = try AlteredTable(&cases)
      for step in 0..<24 {
        try table.change(&cases)
        if step == 23 { try table.commit() }
        try check(table, &cases, "seed \(seed), step \(step)")
      }
      #expect(StoreVerifier(table.store).run().problems == [], "seed \(seed)")
      alterCount += table.alterCount
    }
    #expect(alterCount > 4)
  }

  private func check(_ table: AlteredTable, _ cases: inout RandomCases, _ place: String) throws {
    let snapshot = try table.snapshot
    let oracle = try table.oracle
    let slack = RowComparison.slack(oracle.rows)
    let rows = try Query.selectingAll().run(on: snapshot).result.rows
    #expect(RowComparison.areSame(sorted(rows), sorted(oracle.rows), 0), "\(place)")
    for _ in 0..<3 {
      let query = cases.query(oracle.schema)
      let isOrdered: Bool
      switch query.output {
      case .rows: isOrdered = false
      case .groups: isOrdered = true
      }
      // Which of the rows that tie come first depends on where they are.
      if !isOrdered, query.limit != nil { continue }
      let expected = oracle.answer(query)
      // A name that an older segment may know as another column.
      let free = (0..<13).map { "c\($0)" }.filter { oracle.schema.index(of: $0) == nil }
      let first = oracle.schema.columns[0].name
      let derived = query.deriving(cases.pick(free), .comparison(first, .equal, first))
      for use in [IndexUse.never, .whereCheaper(), .wherePossible()] {
        // All columns of a row would be one more.
        for query in query.output == .rows(nil) ? [query] : [query, derived] {
          let found = try query.run(on: snapshot, indexes: use).result.rows
          #expect(
            isOrdered
              ? RowComparison.areSame(found, expected, slack)
              : RowComparison.areSame(sorted(found), sorted(expected), slack),
            "\(place), \(use): \(query) of \(oracle.schema)")
        }
      }
    }
  }

  private func sorted(_ rows: [[Value]]) -> [[Value]] {
    rows.sorted { a, b in
      for (x, y) in zip(a, b) where !isSame(x, y) { return x.precedes(y) }
      return false
    }
  }
}
