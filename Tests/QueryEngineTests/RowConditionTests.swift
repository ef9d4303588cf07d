import QueryEngine
import ScanKernels
import StorageBase
import Testing

/// Conditions on rows in memory.
@Suite struct RowConditionTests {
  private static func schema() throws -> Schema {
    try Schema(
      [
        ("id", .int64, false), ("op", .string, true),
        ("price", .decimal(precision: 9, scale: 2), true),
        ("day", .date, false),
      ], sortKeyCount: 1)
  }

  private static func batch(rowCount: Int) throws -> ColumnBatch {
    let schema = try schema()
    let builders = schema.columns.map { ColumnBuilder(type: $0.type) }
    for row in 0..<rowCount {
      builders[0].append(.integer(Int128(row)))
      builders[1].append(row % 5 == 0 ? .null : .string(["c", "u", "d"][row % 3]))
      builders[2].append(row % 7 == 0 ? .null : .integer(Int128(row * 25)))
      builders[3].append(.integer(Int128(20_000 + row % 400)))
    }
    return ColumnBatch(schema: schema, rowCount: rowCount, columns: builders.map { $0.finish() })
  }

  private static func rows(_ condition: String, rowCount: Int) throws -> [UInt32] {
    try RowCondition(condition, schema: schema()).rows(of: batch(rowCount: rowCount)).rowIDs()
  }

  /// More rows than one piece of the evaluation has.
  @Test(arguments: [0, 1, 63, 64, 16_384, 40_000])
  func agreesWithALoop(rowCount: Int) throws {
    func expect(_ condition: String, _ isTrue: (Int) -> Bool) throws {
      let expected = (0..<rowCount).filter(isTrue).map { UInt32($0) }
      #expect(try Self.rows(condition, rowCount: rowCount) == expected, "\(condition)")
    }
    try expect("op = 'd'") { $0 % 5 != 0 && $0 % 3 == 2 }
    try expect("not op = 'd'") { $0 % 5 != 0 && $0 % 3 != 2 }
    try expect("op is null or id < 3") { $0 % 5 == 0 || $0 < 3 }
    try expect("price >= 10.5") { $0 % 7 != 0 && $0 * 25 >= 1050 }
    try expect("id * 2 > price and OP in ('c', 'u')") {
      $0 % 7 != 0 && $0 * 200 > $0 * 25 && $0 % 5 != 0 && $0 % 3 != 2
    }
    try expect("day < '2025-01-01'") { 20_000 + $0 % 400 < 20_089 }
    try expect("month(day) = 12") { (20_058...20_088).contains(20_000 + $0 % 400) }
    try expect("true") { _ in true }
    try expect("false") { _ in false }
  }

  @Test func saysWhichColumnsItLooksAt() throws {
    let schema = try Self.schema()
    #expect(try RowCondition("op = 'd'", schema: schema).columnNames == ["op"])
    #expect(
      try RowCondition("ID * 2 > price or day is null", schema: schema).columnNames
        == ["id", "price", "day"])
    #expect(
      try RowCondition("t.id = 1 and month(day) = 2", schema: schema, table: "t").columnNames
        == ["id", "day"])
    #expect(try RowCondition("true", schema: schema).columnNames.isEmpty)
  }

  @Test func mistakesHaveAPlace() throws {
    func expect(_ condition: String, _ message: String) throws {
      let error = #expect(throws: SQLError.self) {
        try RowCondition(condition, schema: Self.schema())
      }
      #expect("\(error as Any)".contains(message), "\(error as Any)")
    }
    try expect("opp = 'd'", "did you mean op?")
    try expect("op = 'd' id = 1", "expected AND, OR or the end, found \"id\"")
    try expect("id + 1", "this is no condition")
    try expect("sum(id) = 1", "an aggregate has no place here")
    try expect("op = 3", "line 1")
    try expect("", "line 1")
  }
}
