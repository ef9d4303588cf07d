import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import TabletEngine
import Testing

/// What a statement becomes, in words, and what it then reads.
@Suite struct SQLPlanTests {
  private func plan(_ text: String) throws -> [String] {
    let statement = try SQLStatement(text)
    let table = try #require(FixtureTable.all[statement.tableName])
    return try statement.bound(to: table.schema).plan.split(separator: "\n").map(String.init)
  }

  @Test func groupsAreOrderedAndCutByTheEngine() throws {
    let lines = try plan(
      """
      select extract(year from o_orderdate) as y, 100 * sum(o_totalprice) / count(*) as mean
      from orders where o_orderstatus in ('F', 'O') and o_orderdate >= date '1994-03-31' - interval
        '1' month group by y having count(*) > 3 order by sum(o_totalprice) desc, 1 limit 5 offset 2
      """)
    #expect(
      lines == [
        "derive   extract(year from o_orderdate): extract(year from o_orderdate)",
        "filter   (o_orderstatus IN ('F', 'O') AND o_orderdate >= '1994-02-28')",
        "group by extract(year from o_orderdate)",
        "compute  sum(o_totalprice)", "compute  count(*)",
        "having   count(*) > 3",
        "order by sum(o_totalprice) desc, extract(year from o_orderdate)",
        "limit    7", "offset   2",
        "return   y: extract(year from o_orderdate), int32",
        "return   mean: ((100 * sum(o_totalprice)) / count(*)), double",
      ])
  }

  @Test func momentsAreUnderstoodInSeveralDialects() throws {
    let second = Timestamp(rawValue: 1_795_741_323_000_000)
    let moments: [(String, Moment?)] = [
      ("", nil), ("version", nil), ("as time", nil),
      ("for version as of 17", .sequence(17)), ("VERSION AS OF 17", .sequence(17)),
      ("for system_version as of 17 o", .sequence(17)),
      ("for time as of '2026-11-27 01:02:03'", .time(second)),
      ("FOR SYSTEM_TIME AS OF timestamp '2026-11-27T01:02:03' as o", .time(second)),
      ("timestamp as of '2026-11-27 01:02:03.000'", .time(second)),
      ("for time as of '1970-01-01'", .time(Timestamp(rawValue: 0))),
    ]
    for (clause, moment) in moments {
      let statement = try SQLStatement("select o_orderkey from orders \(clause) where 1 = 1")
      #expect(statement.moment == moment, "\(clause)")
      #expect(statement.tableName == "orders")
    }
  }

  @Test func whatIsComputedOfResultsIsSortedAfterwards() throws {
    let lines = try plan(
      """
      select o_orderkey, -o_totalprice from orders
      order by o_totalprice * (1 - o_shippriority), o_orderkey limit 3
      """)
    #expect(
      lines == [
        "select   o_orderkey, o_totalprice, o_shippriority",
        "sort by  (o_totalprice * (1 - o_shippriority))", "sort by  o_orderkey", "limit    3",
        "return   o_orderkey: o_orderkey, int64",
        "return   -o_totalprice: -(o_totalprice), decimal(38,2)",
      ])
  }

  /// Adding and multiplying by what is positive keeps the order, and nulls where they are.
  @Test func ordersThatAColumnHasAreLeftToTheEngine() throws {
    let lines = try plan(
      "select id, 2 * level + 1 as twice, 0 - level from readings order by twice desc, 1 limit 4")
    #expect(lines.dropFirst().first == "order by level desc, id")
    for order in ["0 - level", "-level", "level * 0", "level * -2", "temperature * 2", "level / 2"]
    {
      let lines = try plan("select id from readings order by \(order), id limit 4")
      #expect(lines.contains { $0.hasPrefix("sort by") }, "\(order)")
    }
  }

  @Test func theFirstOfManyRowsAreThoseOfASort() throws {
    let schema = try Schema([("key", .int64, false), ("value", .int64, true)], sortKeyCount: 1)
    var random = SeededGenerator(seed: 3)
    let rows = (0..<9000).map { row -> [Value] in
      [.integer(row), random.next() % 9 == 0 ? .null : .integer(Int128(random.next() % 40))]
    }
    let table = FixtureTable(name: "t", schema: schema, rows: rows)
    let segments = try table.segments(2, SegmentOptions(rowsPerPage: 1000))
    for (limit, offset) in [(0, 0), (1, 0), (7, 3), (600, 5), (1500, 0), (20_000, 10)] {
      for direction in ["", " desc"] {
        let text =
          "select key from t order by 10 - value\(direction), value * key limit \(limit)"
          + " offset \(offset)"
        let statement = try SQLStatement(text)
        let found = try statement.bound(to: schema).run(over: segments, schema: schema)
        let expected = SQLReference(statement, table).answer()
        #expect(found.rows.map { [NaiveValue($0[0], .int64)] } == expected, "\(text)")
      }
    }
  }

  @Test func namesAreFoundWithoutRegardToCase() throws {
    let lines = try plan(
      "SELECT O.O_ORDERKEY \"Key\", o_custkey c FROM orders o WHERE Orders.o_CustKey = 7 -- one"
    )
    #expect(
      lines == [
        "filter   o_custkey = 7", "select   o_orderkey, o_custkey",
        "return   Key: o_orderkey, int64", "return   c: o_custkey, int64",
      ])
  }

  /// Months and years are added to the calendar, days to the day.
  @Test(arguments: [
    ("date '2024-01-31' + interval '1' month", "2024-02-29"),
    ("date '2024-02-29' + interval 1 year", "2025-02-28"),
    ("date '2024-03-31' - interval '1' month - interval '1' day", "2024-02-28"),
    ("interval '2' week + date '1999-12-25'", "2000-01-08"),
    ("date '1996-12-31' - interval '-1' days", "1997-01-01"),
    ("date '2000-01-01' - interval '24' months", "1998-01-01"),
  ])
  func datesAreFolded(text: String, date: String) throws {
    let lines = try plan("select count(*) from orders where o_orderdate < \(text)")
    #expect(lines[0] == "filter   o_orderdate < '\(date)'")
  }

  @Test func decimalsAreFoldedExactly() throws {
    let lines = try plan(
      "select count(*) from lineitem where l_discount between 0.06 - 0.01 and 0.06 + 0.01 * 1.0")
    #expect(lines[0] == "filter   l_discount BETWEEN 0.05 AND 0.070")
  }

  /// The year of a range of dates is a range of years, so that zone maps rule pages out.
  @Test func yearsArePruned() throws {
    let schema = try Schema([("day", .date, true), ("at", .datetime, false)], sortKeyCount: 1)
    let rows = (0..<4000).map { row -> [Value] in
      let day = Int128(row) - 1000
      return [.integer(day), .integer(day * 86_400_000_000 + 5)]
    }
    let table = FixtureTable(name: "t", schema: schema, rows: rows)
    let segments = try table.segments(1, SegmentOptions(rowsPerPage: 100))
    for name in ["day", "at"] {
      for year in [1967, 1969, 1970, 1972, 1978] {
        let statement = try SQLStatement("select count(*) from t where year(\(name)) = \(year)")
        let result = try statement.bound(to: schema).run(over: segments, schema: schema)
        let count = rows.filter { row in
          guard case .integer(let day) = row[0] else { return false }
          return CivilDate(daysSinceEpoch: Int(day)).year == year
        }.count
        #expect(result.rows == [[.integer(Int128(count))]])
        #expect(result.work.pagesPruned >= 35, "\(year): \(result.work)")
      }
    }
  }

  /// A column that was added after a segment was written is null there, and so is what is derived
  /// from it.
  @Test func derivedColumnsOfMissingOnesAreNull() throws {
    let old = try Schema([("key", .int64, false)], sortKeyCount: 1)
    let segments = try FixtureTable(
      name: "t", schema: old, rows: (0..<50).map { [.integer($0)] }
    ).segments(1, SegmentOptions(rowsPerPage: 20))
    let late: [(String, DataType)] = [
      ("day", .date), ("text", .string), ("price", .decimal(precision: 9, scale: 2)),
    ]
    let schema = try Schema(
      columns: old.columns
        + late.enumerated().map { index, column in
          Column(
            id: ColumnID(rawValue: UInt32(index + 2)), name: column.0, type: column.1,
            isNullable: true)
        }, sortKeyCount: 1)
    let statement = try SQLStatement(
      """
      select year(day), substring(text, 1, 2), count(*), sum(price * key),
        sum(case when price > 1 then price else 0.5 end), count(*) filter (where key < price)
      from t group by 1, 2
      """)
    let result = try statement.bound(to: schema).run(over: segments, schema: schema)
    #expect(
      result.rows == [[.null, .null, .integer(50), .null, .integer(2500), .integer(0)]])
  }

  @Test func wordsAreFound() throws {
    let table = try #require(FixtureTable.all["part"])
    let segments = try table.segments(2, SegmentOptions(rowsPerPage: 50))
    let names = table.rows.map { row -> [Substring] in
      guard case .string(let name) = row[1] else { return [] }
      return name.split(separator: " ")
    }
    let conditions: [(String, Int)] = [
      (
        "p_name match_any 'green blue'", names.count { $0.contains("green") || $0.contains("blue") }
      ),
      (
        "p_name MATCH_ALL 'green blue'", names.count { $0.contains("green") && $0.contains("blue") }
      ),
      ("not p_name match_any 'green'", names.count { !$0.contains("green") }),
      (
        "p_name match_phrase '\(names[7][1]) \(names[7][2])'",
        names.count { zip($0, $0.dropFirst()).contains { $0 == (names[7][1], names[7][2]) } }
      ),
    ]
    for (condition, count) in conditions {
      let statement = try SQLStatement("select count(*) from part where \(condition)")
      let result = try statement.bound(to: table.schema).run(over: segments, schema: table.schema)
      #expect(result.rows == [[.integer(Int128(count))]], "\(condition)")
    }
    #expect(conditions[0].1 > 0 && conditions[3].1 > 0)
  }

  @Test func workIsReported() throws {
    var work = ScanWork()
    (work.segments, work.pages, work.pagesKnown, work.rowsSelected) = (3, 40, 7, 99)
    #expect(work.report.contains("40, 0 ruled out by zone maps, 7 answered by them"))
    #expect(work.report.contains("99 selected"))
  }
}
