import ScanKernels
import StorageBase
import StreamTransforms
import Testing

struct ExpressionTests {
  private static let day: Int64 = 86_400_000_000
  /// 2026-03-15 10:45:30.5, a Sunday.
  private static let time: Int64 = 20_527 * day + 38_730_500_000

  private static let sample = TableSample(
    [
      ("a", .int64, true), ("b", .int32, false), ("price", .decimal(precision: 10, scale: 2), true),
      ("x", .double, true), ("s", .string, true), ("t", .string, true), ("at", .datetime, true),
      ("d", .date, true), ("ok", .bool, true), ("wide", .decimal(precision: 30, scale: 1), true),
    ],
    [
      [7, 2, 1250, 1.5, "Grüße", "b", .integer(Int128(time)), 20_527, 1, 10],
      [nil, 0, nil, nil, nil, "x", nil, nil, nil, nil],
      [-3, 5, -99, 0.25, " Ab ", "", .integer(-1), -1, 0, -25],
    ])

  /// The values of an expression in the three rows, its type, and the rows that were sent away.
  private func evaluate(_ text: String) throws -> ([Value], DataType, [Int64]) {
    let step = TransformStep("c", .compute([ComputedColumn("r", try RowExpression(parsing: text))]))
    let result = try run([step], Self.sample, now: 42)
    let vector = try #require(result.batch.rows.columns.last)
    return (
      (0..<result.batch.rowCount).map { vector[$0] }, vector.type, result.rejected.map(\.offset)
    )
  }

  @Test(
    arguments: [
      ("a + b", [9, nil, 2]), ("a - 2 * b", [3, nil, -13]), ("-a", [-7, nil, 3]),
      ("a % 4", [3, nil, -3]), ("a % b", [1, nil, -3]), ("abs(a)", [7, nil, 3]),
      ("price + 1", [1350, nil, 1]), ("price * 2", [2500, nil, -198]),
      ("price * 0.5", [6250, nil, -495]), ("a / 2", [3.5, nil, -1.5]), ("a / b", [3.5, nil, -0.6]),
      ("b / 0", [nil, nil, nil]), ("x * 2", [3.0, nil, 0.5]),
      ("price / 2", [6.25, nil, -0.495]),
      ("wide + 0.05", [105, nil, -245]), ("a = 7", [1, nil, 0]), ("7 > a", [0, nil, 1]),
      ("a <> b", [1, nil, 1]), ("price > b", [1, nil, 0]), ("price < x", [0, nil, 1]),
      ("wide = a", [0, nil, 0]), ("d < at", [1, nil, 1]), ("s < t", [1, nil, 0]),
      ("a is null", [0, 1, 0]), ("a is not null", [1, 0, 1]), ("a = null", [nil, nil, nil]),
      ("not (a = null)", [nil, nil, nil]), ("a > 0 and ok", [1, nil, 0]),
      ("a > 0 or b = 0", [1, 1, 0]), ("not ok or b = 0", [0, 1, 1]),
      ("ok and false", [0, 0, 0]), ("ok or true", [1, 1, 1]),
      ("a in (7, 8)", [1, nil, 0]), ("t not in ('x', 'b')", [0, 0, 1]),
      ("a between -3 and 6", [0, nil, 1]), ("s like '%A%'", [0, nil, 1]),
      ("d = '2026-03-15'", [1, nil, 0]), ("at >= '2026-03-15 10:00:00'", [1, nil, 0]),
      ("coalesce(a, b, 1)", [7, 0, -3]), ("coalesce(s, t)", ["Grüße", "x", " Ab "]),
      ("coalesce(a, price)", [700, nil, -300]), ("if(ok, s, t)", ["Grüße", "x", ""]),
      ("if(a > 0, a)", [7, nil, nil]), ("nullif(b, 5)", [2, 0, nil]),
      ("case when a > 0 then 'p' when a < 0 then 'n' else '?' end", ["p", "?", "n"]),
      ("s || '-' || b", ["Grüße-2", nil, " Ab -5"]),
      ("concat(ok, d)", ["true2026-03-15", nil, "false1969-12-31"]),
      ("lower(s)", ["grüße", nil, " ab "]), ("upper(s)", ["GRüßE", nil, " AB "]),
      ("trim(s)", ["Grüße", nil, "Ab"]), ("length(s)", [5, nil, 4]),
      ("substring(s, 3, 2)", ["üß", nil, "b "]), ("substring(s, 5)", ["e", nil, ""]),
      ("year(d)", [2026, nil, 1969]), ("month(at)", [3, nil, 12]), ("day(at)", [15, nil, 31]),
      ("hour(at)", [10, nil, 23]), ("minute(at)", [45, nil, 59]),
      ("date_trunc('week', d)", [20_521, nil, -3]),
      ("date_trunc('quarter', d)", [20_454, nil, -92]),
      ("cast(price as int32)", [13, nil, -1]), ("cast(x as decimal(3,1))", [15, nil, 3]),
      ("cast(a as string)", ["7", nil, "-3"]), ("cast(at as date)", [20_527, nil, -1]),
      ("cast('2026-01-02' as date)", [20_455, 20_455, 20_455]), ("now()", [42, 42, 42]),
      ("hash(b) = hash(b)", [1, 1, 1]), ("1 + 2 * 3 - 4", [3, 3, 3]), ("(1 + 2) * 3", [9, 9, 9]),
      ("\"a\" + `b`", [9, nil, 2]), ("ABS(A)", []),
    ] as [(String, [Value])])
  func valuesOf(text: String, expected: [Value]) throws {
    if expected.isEmpty {
      #expect(throws: StorageError.self) { try evaluate(text) }
      return
    }
    let (values, _, rejected) = try evaluate(text)
    #expect(values == expected, "\(text)")
    #expect(rejected.isEmpty)
  }

  @Test func timesAreCut() throws {
    let hour = Self.time - Self.time % 3_600_000_000
    #expect(try evaluate("date_trunc('hour', at)").0[0] == .integer(Int128(hour)))
    #expect(try evaluate("date_trunc('minute', at)").0[2] == .integer(-60_000_000))
    #expect(
      try evaluate("date_trunc('month', at)").0[0] == .integer(Int128(Self.day * 20_513)))
    #expect(try evaluate("date_trunc('year', d)").0 == [20_454, nil, -365])
  }

  @Test(arguments: [
    ("a + b", DataType.int64), ("price + a", .decimal(precision: 18, scale: 2)),
    ("price * price", .decimal(precision: 18, scale: 4)),
    ("wide * price", .decimal(precision: 38, scale: 3)), ("a + x", .double), ("a / b", .double),
    ("a > 1", .bool), ("if(ok, a, price)", .decimal(precision: 18, scale: 2)),
    ("coalesce(null, d)", .date), ("hour(at)", .int32),
  ])
  func typesOf(text: String, type: DataType) throws {
    #expect(try evaluate(text).1 == type)
  }

  /// A value that does not fit sends its row away, unless the branch it is in was not taken.
  @Test func whatDoesNotFitIsSentAway() throws {
    #expect(try evaluate("a * 9000000000000000000").2 == [100, 102])
    #expect(try evaluate("if(a < 0, 1, a * 9000000000000000000)").2 == [100])
    #expect(try evaluate("coalesce(b, a * 9000000000000000000)").2 == [])
    #expect(try evaluate("cast(s as int64)").2 == [100, 102])
    #expect(try evaluate("cast(a as bool)").2 == [100, 102])
    let step = TransformStep(
      "prices", .compute([ComputedColumn("r", try RowExpression(parsing: "cast(t as date)"))]))
    let result = try run([step], Self.sample)
    #expect(result.batch.rowCount == 0 && result.rejected.count == 3)
    #expect(result.rejected[0].rule == "prices" && result.rejected[0].partition == "p")
    #expect(result.rejected[0].reason == "r: the value does not fit a date")
    #expect(result.rejected[0].row.hasPrefix(#"{"a":7,"b":2,"price":"12.50","x":1.5,"s":"Grüße""#))
    #expect(result.counters[0].rowsDiverted == 3 && result.counters[0].rowsIn == 3)
  }

  @Test(arguments: [
    ("", "expected a value, found the end"), ("a +", "expected a value"),
    ("a b", "expected an operator or the end, found \"b\" (at character 3)"),
    ("foo(a)", "unknown function foo"), ("lowr(s)", "did you mean lower?"),
    ("'a", "quote is never closed"), ("a ? 1", "begins nothing known"), ("(a", "expected \")\""),
    ("a in (b)", "IN takes constants"), ("a like b", "expected a pattern"),
    ("cast(a as int46)", "unknown type int46"), ("case a end", "expected WHEN"),
    (String(repeating: "(", count: 100), "nested deeper than 64"),
    (String(repeating: "not ", count: 100), "nested deeper than 64"),
    (String(repeating: "1+", count: 2000), "more than 2000 words"),
  ])
  func nonsenseIsRefused(text: String, message: String) {
    do {
      _ = try RowExpression(parsing: text)
      Issue.record("taken: \(text)")
    } catch { #expect("\(error)".contains(message), "\(error)") }
  }

  @Test(arguments: [
    ("prise", "prise is not a column; did you mean price?"), ("a + s", "+ takes numbers"),
    ("a = 's'", "expected"), ("s < a", "a string does not compare with a int64"),
    ("not a", "expected a condition, found a int64"),
    ("if(ok, a, s)", "if of a int64 and a string"),
    ("lower(a)", "expected a text"), ("hour(d)", "a date has no hour"),
    ("date_trunc('eon', d)", "the first argument of date_trunc"), ("substring(s, 0)", "from 1"),
    ("nullif(a)", "nullif takes 2 arguments, not 1"), ("cast(at as int64)", "not cast"),
    ("null", "NULL alone has no type"), ("x % 2", "% takes integers"),
    ("a in (1, null)", "NULL is in no list"),
  ])
  func whatDoesNotGoTogetherIsRefused(text: String, message: String) throws {
    do {
      _ = try evaluate(text)
      Issue.record("taken: \(text)")
    } catch { #expect("\(error)".contains(message), "\(error)") }
  }

  /// Filters keep what is true, not what is unknown.
  @Test func filtersKeepWhatIsTrue() throws {
    let step = TransformStep("f", .filter(try RowExpression(parsing: "a > 0 or t = ''")))
    let result = try run([step], Self.sample)
    #expect((0..<result.batch.rowCount).map { result.batch.offset(of: $0) } == [100, 102])
    #expect(result.counters[0].rowsDropped == 1 && result.counters[0].rowsOut == 2)
    let not = TransformStep("f", .filter(try RowExpression(parsing: "not (a > 0)")))
    #expect(try run([not], Self.sample).batch.rowCount == 1)
  }
}
