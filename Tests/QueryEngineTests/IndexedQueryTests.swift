import InvertedIndex
import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletEngine
import Testing

/// Filters and indexes of tables change what a query looks at, never what it answers.
@Suite struct IndexedQueryTests {
  @Test(arguments: 0..<16 as Range<UInt64>)
  func queriesWithIndexesAgreeWithTheOracle(batch: UInt64) throws {
    var lookupCount = 0
    for round in 0..<6 as Range<UInt64> {
      let seed = 500_000 + batch * 100 + round
      var cases = RandomCases(seed: seed)
      var table = try IndexedTable(&cases)
      for _ in 0..<8 {
        try table.change(&cases)
        let snapshot = try table.snapshot
        for _ in 0..<4 {
          let query = Query.grouping(by: table.definition.schema.columns[0].name)
            .computing(.countAll).filtered(by: cases.predicate(table.definition.schema))
          let expected = table.oracle.answer(query)
          let uses: [IndexUse] = [
            .never, .whereCheaper(), .wherePossible(),
            .wherePossible(cache: snapshot.tablets.first?.segments.first?.indexCache),
          ]
          for (ordinal, use) in uses.enumerated() {
            let found = try query.run(on: snapshot, indexes: use).result
            #expect(
              areSame(found.rows, expected), "seed \(seed), \(use): \(query) of \(table.definition)"
            )
            lookupCount += found.work.indexLookups
            // A column that nothing asks for changes nothing.
            let name = table.definition.schema.columns[0].name
            let derived = query.deriving("unrelated", .comparison(name, .equal, name))
            let same = try derived.run(on: snapshot, indexes: use).result
            #expect(areSame(same.rows, expected), "seed \(seed), \(use): \(derived)")
            // But what a cache has learned is not read again.
            #expect(ordinal == 3 || same.work == found.work, "seed \(seed), \(use): \(derived)")
          }
        }
      }
      #expect(StoreVerifier(table.store).run().problems == [], "seed \(seed)")
    }
    #expect(lookupCount > 100)
  }

  private func areSame(_ rows: [[Value]], _ expected: [[Value]]) -> Bool {
    rows.count == expected.count
      && zip(rows, expected).allSatisfy { zip($0, $1).allSatisfy(isSame) }
  }

  private func table(_ texts: [String], _ options: IndexOptions) throws -> TableSnapshot {
    let schema = try Schema([("id", .int64, false), ("text", .string, true)], sortKeyCount: 1)
    let definition = try TableDefinition(
      name: "t", schema: schema, segmentOptions: SegmentOptions(rowsPerPage: 64),
      indexes: [ColumnIndex(column: schema.columns[1].id, options: options)])
    let store = try Store.create(
      "/store", files: MemoryFileSystem(), clock: ManualClock(), entropy: 7)
    try store.createTable(definition)
    let ids = ColumnBuilder(type: .int64)
    let column = ColumnBuilder(type: .string)
    for (id, text) in texts.enumerated() {
      ids.append(integer: Int64(id))
      if text.isEmpty { column.appendNull() } else { column.append(string: text) }
    }
    try store.load(
      ColumnBatch(
        schema: schema, rowCount: texts.count, columns: [ids.finish(), column.finish()]),
      into: "t")
    return try store.snapshot(of: "t")
  }

  /// A count of what an index answers reads no page of any column.
  @Test func countsAreTakenFromTheIndexAlone() throws {
    let texts = (0..<2000).map { $0 % 7 == 0 ? "" : "row \($0 % 50) of many" }
    let snapshot = try table(texts, IndexOptions(parser: .english))
    let wanted = texts.count { $0.split(separator: " ").contains("13") }
    let conditions: [(Predicate, Int)] = [
      (Field("text").matches(.any, "13 absent"), wanted),
      (Field("text").matches(.phrase, "row 13 of"), wanted),
      (!Field("text").matches(.any, "13"), texts.count { !$0.isEmpty } - wanted),
      (
        Field("text").matches(.all, "13") || Field("text").isNull,
        wanted + texts.count { $0.isEmpty }
      ),
    ]
    for (condition, count) in conditions {
      let query = Query.computing(.countAll).filtered(by: condition)
      let found = try query.run(on: snapshot).result
      #expect(found.rows == [[.integer(Int128(count))]], "\(condition)")
      #expect(found.work.indexLookups > 0 && found.work.columnPagesRead == 0, "\(condition)")
      #expect(found.work.rowsScanned == 0 && found.work.rowsSelected == count)
    }
  }

  /// Beside a rare word the rest of the filter reads the pages that have it.
  @Test func restsOfFiltersReadFewPages() throws {
    let texts = (0..<6400).map { $0 == 3000 || $0 == 3001 ? "rare word" : "common words" }
    let snapshot = try table(texts, IndexOptions(parser: .english, supportPhrase: false))
    let query = Query.selecting("id")
      .filtered(by: Field("text").matches(.all, "rare") && Field("id") != 3001)
    let found = try query.run(on: snapshot).result
    #expect(found.rows == [[.integer(3000)]])
    #expect(found.work.pagesPrunedByIndex == 99 && found.work.columnPagesRead == 1)
    // Without positions a phrase is looked for in the texts.
    let phrase = Query.computing(.countAll)
      .filtered(by: Field("text").matches(.phrase, "rare word"))
    let scanned = try phrase.run(on: snapshot).result
    #expect(scanned.rows == [[.integer(2)]] && scanned.work.indexLookups == 0)
  }

  /// Beside derived columns, also of what the index is of, indexes answer as they do without.
  @Test func statementsWithDerivedColumnsAskIndexes() throws {
    let texts = (0..<6400).map { $0 % 1000 == 17 ? "rare word" : "common words" }
    let snapshot = try table(texts, IndexOptions(parser: .english))
    let statements = [
      "select count(*) from t where text match_any 'rare'",
      """
      select substring(text, 1, 2), count(*) from t where text match_any 'rare'
      group by substring(text, 1, 2)
      """,
      """
      select sum(id + 1), count(*) from t
      where text match_any 'rare' and substring(text, 1, 1) = 'r'
      """,
    ]
    for text in statements {
      let query = try SQLStatement(text).bound(to: snapshot.definition.schema)
      let found = try query.run(on: snapshot).result
      #expect(found.rows.map(\.last) == [.integer(7)], "\(text)")
      #expect(found.work.indexLookups == 1 && found.work.rowsSelectedByIndex == 7, "\(text)")
      #expect(found.work.columnPagesRead <= 14, "\(text)")
    }
  }

  /// What several derived columns are computed from is decoded once for each page.
  @Test func derivedColumnsShareWhatTheyAreComputedFrom() throws {
    let texts = (0..<640).map { "text \($0 % 31)" }
    let snapshot = try table(texts, IndexOptions())
    let text = """
      select max(substring(text, 1, 6)), max(substring(text, 6, 1)), max(text), count(*) from t
      where substring(text, 6, 1) < '3'
      """
    let query = try SQLStatement(text).bound(to: snapshot.definition.schema)
    let wanted = texts.filter { $0.dropFirst(5).first! < "3" }
    let found = try query.run(on: snapshot).result
    #expect(
      found.rows == [
        [.string("text 2"), .string("2"), .string(wanted.max()!), .integer(Int128(wanted.count))]
      ])
    #expect(found.work.columnPagesRead == 10)
  }

  /// What most rows have is not worth a question.
  @Test func commonValuesAreScanned() throws {
    let texts = (0..<20_000).map { $0 % 100 == 0 ? "rare" : "common" }
    let snapshot = try table(texts, IndexOptions())
    for (text, lookups) in [("common", 0), ("rare", 1)] {
      let query = Query.computing(.countAll).filtered(by: Field("text") == .string(text))
      let found = try query.run(on: snapshot).result
      #expect(found.work.indexLookups == lookups, "\(text)")
      #expect(found.rows == [[.integer(Int128(texts.count { $0 == text }))]])
    }
  }

  /// Statements have the same conditions, with and without indexes.
  @Test func statementsAskIndexes() throws {
    let texts = (0..<3000).map { $0 % 11 == 0 ? "" : "row \($0 % 50) of 100 % many" }
    let snapshot = try table(texts, IndexOptions(parser: .english))
    let words = texts.map { $0.split(separator: " ").map(String.init) }
    let conditions: [(String, Int)] = [
      ("text match_any '13 14'", words.count { $0.contains("13") || $0.contains("14") }),
      ("text MATCH_PHRASE 'row 13'", words.count { $0.contains("13") }),
      ("text not match_all 'row 13'", words.count { !$0.isEmpty && !$0.contains("13") }),
      ("text match_phrase_prefix 'row 4'", words.count { $0.count > 1 && $0[1].hasPrefix("4") }),
      ("text like '%13 of%'", words.count { $0.contains("13") }),
      (
        "text not like 'row 1_ %' and id < 1000",
        words.prefix(1000).count { $0.count > 1 && !($0[1].count == 2 && $0[1].hasPrefix("1")) }
      ),
      ("text like '%100 \\% m%'", words.count { !$0.isEmpty }),
    ]
    for (condition, count) in conditions {
      let statement = try SQLStatement("select count(*) from t where \(condition)")
      let query = try statement.bound(to: snapshot.definition.schema)
      let scanned = try query.run(on: snapshot, indexes: .never).result
      #expect(scanned.rows == [[.integer(Int128(count))]], "\(condition)")
      #expect(scanned.work.indexLookups == 0)
      for use in [IndexUse.whereCheaper(), .wherePossible()] {
        let found = try query.run(on: snapshot, indexes: use).result
        #expect(found.rows == [[.integer(Int128(count))]], "\(condition)")
        if condition.lowercased().contains("match") {
          #expect(found.work.indexLookups > 0 && found.work.columnPagesRead == 0, "\(condition)")
        }
      }
    }
    for wrong in ["text like 5", "id like '5'", "text match_any id"] {
      #expect(throws: SQLError.self, "\(wrong)") {
        try SQLStatement("select * from t where \(wrong)").bound(to: snapshot.definition.schema)
      }
    }
  }
}
