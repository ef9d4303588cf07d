import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import Testing

/// Counts, least and greatest values that zone maps tell are those of the rows, and cost no
/// decoding; where a zone map holds less than the value, the rows are read.
@Suite struct KnownFiguresTests {
  private static let long = String(repeating: "é", count: 40)

  private let schema: Schema
  private let rows: [[Value]]

  init() throws {
    schema = try Schema(
      [
        ("day", .int32, false), ("amount", .decimal(precision: 30, scale: 3), true),
        ("rate", .double, true), ("small", .float, true), ("name", .string, true),
        ("note", .string, false), ("nothing", .int32, true), ("flag", .bool, true),
      ], sortKeyCount: 1)
    var random = SeededGenerator(seed: 12)
    rows = (0..<1000).map { row in
      func some(_ value: Value) -> Value { random.next() % 5 == 0 ? .null : value }
      let number = Double(random.next() % 1000) / 8
      // One page has NaN, one nothing but NaN, one nothing but nulls, one both zeros.
      let page = row / 100
      let rate: Value =
        switch page {
        case 2: .floating(row % 7 == 0 ? .nan : number)
        case 3: .floating(.nan)
        case 4: .null
        case 5: .floating(row % 2 == 0 ? 0 : -0.0)
        default: some(.floating(number - 60))
        }
      return [
        .integer(Int128(row / 2)), some(.integer(Int128(random.next() % 9999) - 5000)), rate, rate,
        some(.string("name \(random.next() % 300)")), .string("\(Self.long)\(row % 13)"), .null,
        some(.integer(Int128(row % 2))),
      ]
    }
  }

  private func segments(_ count: Int) throws -> [SegmentReader] {
    try FixtureTable(name: "t", schema: schema, rows: rows)
      .segments(count, SegmentOptions(rowsPerPage: 100))
  }

  private func check(_ query: Query, _ segments: [SegmentReader]) throws -> ScanWork {
    let oracle = RowOracle(schema: schema, rows: rows)
    let pool = try WorkerPool(name: "query", threadCount: 2)
    defer { pool.shutdown() }
    let found = try QueryExecutor.run(query, over: segments, schema: schema)
    let shared = try QueryExecutor.run(
      query, over: segments, schema: schema,
      parallelism: Parallelism(threadCount: 3, executor: pool))
    let expected = oracle.answer(query)
    for result in [found, shared] {
      #expect(result.rows.count == 1)
      #expect(zip(result.rows[0], expected[0]).allSatisfy(isSame), "\(query): \(result.rows)")
      #expect(result.work == found.work)
    }
    return found.work
  }

  private static let known: [Aggregate] = [
    .countAll, .count("amount"), .min("day"), .max("day"), .min("amount"), .max("amount"),
    .min("rate"), .max("rate"), .min("small"), .max("small"), .min("name"), .max("name"),
    .count("nothing"), .min("nothing"), .max("nothing"), .min("flag"), .max("flag"),
    .count("note"),
  ]

  private func query(_ aggregates: [Aggregate]) -> Query {
    aggregates.reduce(.grouping(by: [])) { $0.computing($1) }
  }

  private func days(_ first: Int128, _ last: Int128) -> Predicate {
    .between("day", .stored(.integer(first)), .stored(.integer(last)))
  }

  @Test func wholeTablesAreAnsweredWithoutDecoding() throws {
    for count in [1, 3] {
      let segments = try segments(count)
      for aggregate in Self.known {
        let work = try check(query([aggregate]), segments)
        #expect(work.columnPagesRead == 0 && work.pagesKnown == work.pages, "\(aggregate)")
        #expect(work.rowsSelected == 1000)
      }
      let work = try check(query(Self.known), segments)
      #expect(work.columnPagesRead == 0 && work.bytesDecoded == 0)
    }
  }

  /// 500 days, two rows each: pages 0 to 3 and a part of page 4 are selected.
  @Test func pagesThatAreSelectedWholeAreKnown() throws {
    let work = try check(query(Self.known).filtered(by: days(0, 209)), segments(1))
    #expect(work.pages == 10 && work.pagesPruned + work.pagesPrunedByKeys == 5)
    #expect(work.pagesKnown == 4)
    // Of the other page the eight columns that are asked about.
    #expect(work.columnPagesRead == 8)
    let rates = try check(
      query([.min("rate"), .max("rate")]).filtered(by: days(100, 249)),
      segments(1))
    #expect(rates.columnPagesRead == 0 && rates.pagesKnown == 3)
  }

  @Test func cutStringsAreRead() throws {
    for aggregate in [Aggregate.min("note"), .max("note")] {
      let work = try check(query([.countAll, aggregate]), segments(2))
      #expect(work.pagesKnown == 0 && work.columnPagesRead == 10, "\(aggregate)")
    }
  }

  @Test func otherFiguresAndGroupsAreRead() throws {
    let segments = try segments(1)
    for aggregate in [Aggregate.sum("amount"), .countDistinct("day"), .average("day")] {
      #expect(try check(query([.countAll, aggregate]), segments).pagesKnown == 0)
    }
    let filtered = Aggregate.countAll.filtered(by: days(0, 9))
    #expect(try check(query([filtered]), segments).pagesKnown == 0)
    let grouped = Query.grouping(by: "flag").computing(.max("day"))
    let result = try QueryExecutor.run(grouped, over: segments, schema: schema)
    #expect(result.rows == RowOracle(schema: schema, rows: rows).answer(grouped))
    #expect(result.work.pagesKnown == 0)
  }

  /// A column that was added after the segment was written is null in it.
  @Test func columnsThatASegmentLacksAreNull() throws {
    let wider = try Schema(
      columns: schema.columns
        + [Column(id: ColumnID(rawValue: 99), name: "late", type: .int64, isNullable: true)],
      sortKeyCount: 1)
    let result = try QueryExecutor.run(
      query([.countAll, .count("late"), .max("late")]), over: segments(2), schema: wider)
    #expect(result.rows == [[.integer(1000), .integer(0), .null]])
    #expect(result.work.columnPagesRead == 0)
  }
}
