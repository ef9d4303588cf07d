import QueryEngine
import StorageBase
import Testing

/// What is not understood is said at its place, with what was expected and the nearest name.
@Suite struct SQLErrorTests {
  private let schema: Schema

  init() throws {
    schema = try Schema(
      [
        ("day", .date, false), ("city", .string, true),
        ("price", .decimal(precision: 9, scale: 2), true),
        ("count_of_items", .int32, false), ("Weight", .double, true),
      ], sortKeyCount: 1)
  }

  private func problem(_ text: String) -> SQLError? {
    do {
      _ = try SQLStatement(text).bound(to: schema)
      return nil
    } catch let error as SQLError {
      return error
    } catch {
      Issue.record("\(text): \(error)")
      return nil
    }
  }

  struct Slip: Sendable, CustomTestStringConvertible {
    let text: String
    let line: Int
    let column: Int
    /// Parts of the message.
    let says: [String]

    init(_ text: String, _ line: Int, _ column: Int, _ says: String...) {
      (self.text, self.line, self.column, self.says) = (text, line, column, says)
    }

    var testDescription: String { text }
  }

  static let slips: [Slip] = [
    Slip("", 1, 1, "expected SELECT", "the end"),
    Slip("selct day from t", 1, 1, "expected SELECT", "\"selct\"", "did you mean SELECT?"),
    Slip("select day form t", 1, 12, "expected FROM", "\"form\"", "did you mean FROM?"),
    Slip("select day\nfrom t\nwere day = 1", 3, 1, "\"were\"", "did you mean WHERE?"),
    Slip("select from t", 1, 8, "expected an expression", "\"from\""),
    Slip("select day from", 1, 16, "the name of a table", "the end"),
    Slip("select day, from t", 1, 13, "expected an expression"),
    Slip("select dya from t", 1, 8, "unknown column \"dya\"", "did you mean day?"),
    Slip("select day from t where cty = 'x'", 1, 25, "did you mean city?"),
    Slip("select sum(prise) from t", 1, 12, "did you mean price?"),
    Slip("select summ(price) from t", 1, 8, "unknown function \"summ\"", "did you mean sum?"),
    Slip("select day from t order by dayy", 1, 28, "did you mean day?"),
    Slip("select \"weight\" from t", 1, 8, "unknown column", "Weight"),
    Slip("select x.day from t", 1, 8, "x is not the table"),
    Slip("select day from t for", 1, 22, "expected VERSION or TIME after FOR", "the end"),
    Slip("select day from t for version as 3", 1, 34, "expected OF", "\"3\""),
    Slip("select day from t version as of 'x'", 1, 33, "the number of a commit", "'x'"),
    Slip("select day from t for version as of 1.5", 1, 37, "the number of a commit"),
    Slip("select day from t for time as of 17", 1, 34, "a time in quotes"),
    Slip("select day from t for time as of '2026-02-30 00:00:00'", 1, 34, "is no time"),
    Slip("select day from t, u", 1, 18, "joins are not supported"),
    Slip("select day from t join u on a = b", 1, 19, "joins are not supported"),
    Slip("select day from t as a left join u", 1, 24, "joins are not supported"),
    Slip("select day from (select 1)", 1, 17, "a query within a query"),
    Slip("select day from t where day in (select 1)", 1, 33, "a query within a query"),
    Slip("select day from t where price > (select 1)", 1, 34, "a query within a query"),
    Slip("select day from t union select 1", 1, 19, "UNION is not supported"),
    Slip("select day from t limit x", 1, 25, "a number of rows after LIMIT", "\"x\""),
    Slip("select day from t limit 1 where day = 1", 1, 27, "expected the end", "\"where\""),
    Slip("select day from t where price = 'cheap'", 1, 25, "decimal(9,2)", "'cheap'"),
    Slip("select day from t where day > 5", 1, 25, "day", "5"),
    Slip("select day from t where day > '1998-02-30'", 1, 25, "'1998-02-30'"),
    Slip("select day from t where day > date '1998-02-30'", 1, 36, "is no date"),
    Slip("select day from t where day > date '1998-02-03' + interval '1' hour", 1, 64, "\"hour\""),
    Slip(
      "select day from t where day > date '1998-02-03' + interval 'x' day", 1, 60, "whole number"),
    Slip("select day from t where day + 1", 1, 25, "compare it with something"),
    Slip("select day from t where city + 1 > 2", 1, 25, "a number to compute with", "string"),
    Slip("select day from t where price / 2 > 2", 1, 25, "sum(a) / sum(b)"),
    Slip("select day from t where sum(price) > 2", 1, 25, "WHERE", "HAVING"),
    Slip("select day, sum(price) from t", 1, 8, "day differs within a group", "no GROUP BY"),
    Slip("select city, sum(price) from t group by day", 1, 8, "groups are made by day"),
    Slip("select *, sum(price) from t", 1, 8, "* has no place"),
    Slip("select sum(city) from t", 1, 8, "a number for sum(city)", "string"),
    Slip("select sum(sum(price)) from t", 1, 12, "an aggregate has no place here"),
    Slip("select sum(*) from t", 1, 8, "count(*)"),
    Slip("select sum(distinct price) from t", 1, 8, "DISTINCT"),
    Slip("select count(price, day) from t", 1, 8, "one argument"),
    Slip("select day from t group by 3", 1, 28, "3 is not the number of an item"),
    Slip("select day from t order by 0", 1, 28, "0 is not the number of an item"),
    Slip("select day from t order by 1 nulls last", 1, 30, "NULLS FIRST and LAST"),
    Slip("select max(day) + 1 from t", 1, 8, "only numbers"),
    Slip("select day from t where city like price", 1, 35, "a string constant"),
    Slip("select day from t where price like 'x%'", 1, 25, "price"),
    Slip("select day from t where city ilike 'x%'", 1, 30, "ILIKE is not supported"),
    Slip("select day from t where city match_any 5", 1, 40, "MATCH_ANY takes a string"),
    Slip("select day from t where city like", 1, 34, "expected an expression", "the end"),
    Slip("select day from t where city is 5", 1, 33, "expected NULL", "\"5\""),
    Slip("select day from t where city not 5", 1, 34, "expected BETWEEN, IN or LIKE"),
    Slip("select day from t where city = 'x", 1, 32, "not closed by '"),
    Slip("select day /* from t", 1, 12, "not closed by */"),
    Slip("select day ? 1 from t", 1, 12, "begins nothing of SQL"),
    Slip("select (day from t", 1, 13, "expected \")\"", "\"from\""),
    Slip("select 1234567890123456789012345678901234567890 from t", 1, 8, "38 digits"),
    Slip("select 'é' + 1, day from t", 1, 8, "nothing that can be computed"),
    Slip("select 'é', dya from t", 1, 13, "did you mean day?"),
    Slip("select extract(week from day) from t", 1, 16, "one of year, month, day"),
    Slip("select year(city) from t", 1, 8, "a date or datetime", "string"),
    Slip("select substring(city, 'a') from t", 1, 24, "whole number"),
    Slip("select case price when 1 then 2 end from t", 1, 13, "expected WHEN"),
    Slip("select day from t group by day having price > 1", 1, 39, "price differs within a group"),
    Slip("select day from t group by day having sum(price) > max(price)", 1, 39, "constants only"),
  ]

  @Test(arguments: slips)
  func slipsAreExplainedAtTheirPlace(slip: Slip) throws {
    let error = try #require(problem(slip.text))
    #expect((error.line, error.column) == (slip.line, slip.column), "\(error)")
    for part in slip.says { #expect("\(error)".contains(part), "\(error)") }
  }

  /// Deep and long statements are refused or answered; they never end the program.
  @Test func deepStatementsAreRefused() throws {
    let deep = String(repeating: "(", count: 100_000)
    #expect(try #require(problem("select \(deep)")).reason.contains("within each other"))
    for prefix in ["-", "not ", "case when "] {
      let text = "select " + String(repeating: prefix, count: 100_000) + "day from t"
      #expect(problem(text) != nil)
    }
    let sum = Array(repeating: "price", count: 10_000).joined(separator: " + ")
    #expect(try #require(problem("select sum(\(sum)) from t")).reason.contains("terms of a sum"))
    let many = Array(repeating: "price > 1", count: 20_000).joined(separator: " or ")
    #expect(problem("select day from t where \(many)") == nil)
    let list = (0..<20_000).map(String.init).joined(separator: ", ")
    #expect(problem("select day from t where price in (\(list))") == nil)
  }

  /// Whatever bytes come, there is a statement or an error.
  @Test func randomTextIsReadOrRefused() {
    let words = [
      "select", "from", "where", "group", "by", "having", "order", "limit", "(", ")", ",", "day",
      "price", "city", "sum", "count", "*", "'a'", "1", "0.5", "date", "'1998-01-01'", "interval",
      "and", "or", "not", "in", "between", "is", "null", "=", "<", "+", "-", "/", "case", "when",
      "then", "end", "as", "x", "t", ".", "\"", "'", "é", "filter", "extract", "distinct",
    ]
    var random = SeededGenerator(seed: 4)
    var understood = 0
    for _ in 0..<20_000 {
      var text = (0..<random.next() % 12).map { _ in words[Int(random.next() % UInt64(words.count))]
      }
      if random.next() % 2 == 0 { text = ["select", "day"] + text + ["from", "t"] }
      do {
        _ = try SQLStatement(text.joined(separator: " ")).bound(to: schema)
        understood += 1
      } catch {
        #expect(error is SQLError, "\(text): \(error)")
      }
    }
    #expect(understood > 10)
  }
}
