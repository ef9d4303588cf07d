import ScanKernels
import StorageBase
import Testing

/// How constants are fitted to columns, and what a bound predicate tells without reading rows.
@Suite struct PredicateBindingTests {
  private func column(_ type: DataType, _ values: [Value]) -> ColumnVector {
    let builder = ColumnBuilder(type: type)
    for value in values { builder.append(value) }
    return builder.finish()
  }

  /// The rows of a single nullable column `x` that a predicate selects.
  private func rows(
    _ predicate: Predicate, type: DataType, _ values: [Value]
  ) throws -> [Int] {
    let schema = try Schema([(name: "x", type: type, isNullable: true)], sortKeyCount: 1)
    var evaluator = PredicateEvaluator(try predicate.bound(to: schema))
    let vector = column(type, values)
    return evaluator.evaluate(rowCount: values.count) { _ in vector }.rowIDs().map(Int.init)
  }

  private func holds(_ a: Int128, _ comparison: Comparison, _ b: Int128) -> Bool {
    switch comparison {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }

  /// Both sides are brought to four digits after the point and compared as integers.
  @Test func decimalsOfEveryScaleCompareExactly() throws {
    let stored = (-250...250).map { Int128($0) }
    for columnScale in 0...2 {
      let type = DataType.decimal(precision: 5, scale: columnScale)
      for literalScale in 0...4 {
        for unscaled in stride(from: Int128(-260), through: 260, by: 13) {
          for comparison in Comparison.allCases {
            let literal = Literal.decimal(unscaled: unscaled, scale: literalScale)
            let found = try rows(
              .compare("x", comparison, literal), type: type, stored.map(Value.integer))
            let expected = stored.indices.filter {
              holds(
                stored[$0] * powerOfTen(4 - columnScale), comparison,
                unscaled * powerOfTen(4 - literalScale))
            }
            #expect(found == expected, "\(type) \(comparison) \(literal)")
          }
        }
      }
    }
  }

  @Test func constantsOutsideTheTypeAreAlwaysFalseOrTrue() throws {
    let values: [Value] = [.integer(-128), .integer(0), .null, .integer(127)]
    let outside: [(Literal, isAbove: Bool)] = [
      (128, true), (-129, false), (.integer(.max), true), (.integer(.min), false),
      (1e300, true), (-1e300, false), (.floating(.infinity), true), (.floating(.nan), true),
      (.floating(-.infinity), false), (.decimal(unscaled: .max, scale: 0), true),
    ]
    for (literal, isAbove) in outside {
      let known = [0, 1, 3]
      let field = Field("x")
      #expect(try rows(field < literal, type: .int8, values) == (isAbove ? known : []))
      #expect(try rows(field <= literal, type: .int8, values) == (isAbove ? known : []))
      #expect(try rows(field > literal, type: .int8, values) == (isAbove ? [] : known))
      #expect(try rows(field >= literal, type: .int8, values) == (isAbove ? [] : known))
      #expect(try rows(field == literal, type: .int8, values) == [])
      #expect(try rows(field != literal, type: .int8, values) == known)
    }
  }

  @Test func floatingConstantsOfDecimalsAreTheDecimalsTheyPrint() throws {
    let type = DataType.decimal(precision: 20, scale: 2)
    let values: [Value] = [1233, 1234, 1235, -5, 0].map { .integer($0) }
    #expect(try rows(Field("x") == 12.34, type: type, values) == [1])
    #expect(try rows(Field("x") >= 12.345, type: type, values) == [2])
    #expect(try rows(Field("x") == -0.05, type: type, values) == [3])
    #expect(try rows(Field("x") < 1e-30, type: type, values) == [3, 4])
    #expect(try rows(Field("x") > -1e-30, type: type, values) == [0, 1, 2, 4])
  }

  @Test func integersCompareWithFractions() throws {
    let values: [Value] = (-3...3).map { .integer($0) }
    #expect(try rows(Field("x") < 1.5, type: .int32, values) == [0, 1, 2, 3, 4])
    #expect(try rows(Field("x") > -1.5, type: .int32, values) == [2, 3, 4, 5, 6])
    #expect(try rows(Field("x") == 1.5, type: .int32, values) == [])
    #expect(try rows(Field("x") != 1.5, type: .int32, values) == Array(0...6))
    #expect(try rows(Field("x").isBetween(-0.5, 2.0), type: .int32, values) == [3, 4, 5])
  }

  @Test func datesAndTimesAreReadFromText() throws {
    let days: [Value] = [.integer(-1), .integer(0), .integer(1)]
    #expect(try rows(Field("x") == "1970-01-02", type: .date, days) == [2])
    #expect(try rows(Field("x") < "1970-01-01 00:00:00.000001", type: .date, days) == [0, 1])
    #expect(try rows(Field("x") >= "1969-12-31T23:59:59", type: .date, days) == [1, 2])
    let second: [Value] = [.integer(999_999), .integer(1_000_000), .integer(1_500_000)]
    #expect(try rows(Field("x") > "1970-01-01 00:00:01", type: .datetime, second) == [2])
    #expect(try rows(Field("x") == "1970-01-01 00:00:01.5", type: .datetime, second) == [2])
    for text in ["1970-13-01", "1970-1-1", "yesterday", "1970-01-01 24:00:00", ""] {
      #expect(throws: StorageError.self) {
        try self.rows(Field("x") == .string(text), type: .datetime, second)
      }
    }
  }

  @Test func nanEqualsItselfAndComesAfterEveryNumber() throws {
    let values: [Value] = [-.infinity, -0.0, 0, 1, .infinity, .nan].map { .floating($0) }
    for type in [DataType.float, .double] {
      #expect(try rows(Field("x") > 0.5, type: type, values) == [3, 4, 5])
      #expect(try rows(!(Field("x") <= 0.5), type: type, values) == [3, 4, 5])
      #expect(try rows(Field("x") == .floating(.nan), type: type, values) == [5])
      #expect(try rows(Field("x") < .floating(.nan), type: type, values) == [0, 1, 2, 3, 4])
      #expect(try rows(Field("x") == 0.0, type: type, values) == [1, 2])
      #expect(try rows(Field("x") != -0.0, type: type, values) == [0, 3, 4, 5])
    }
    #expect(try rows(Field("x") <= 1e300, type: .float, values) == [0, 1, 2, 3])
    #expect(try rows(Field("x") > -1e300, type: .float, values) == [1, 2, 3, 4, 5])
  }

  @Test func nullsFollowThreeValuedLogic() throws {
    let values: [Value] = [.integer(1), .null, .integer(2)]
    let isOne = Field("x") == 1
    #expect(try rows(!isOne, type: .int64, values) == [2])
    #expect(try rows(Field("x") == nil, type: .int64, values) == [])
    #expect(try rows(!(Field("x") == nil), type: .int64, values) == [])
    #expect(try rows(Field("x").isOneOf([1, nil]), type: .int64, values) == [0])
    #expect(try rows(!Field("x").isOneOf([1, nil]), type: .int64, values) == [])
    #expect(try rows(!Field("x").isOneOf([]), type: .int64, values) == [0, 1, 2])
    #expect(try rows(!Field("x").isBetween(2, nil), type: .int64, values) == [0])
    #expect(try rows(isOne || Field("x").isNull, type: .int64, values) == [0, 1])
  }

  @Test func whatDoesNotFitTheSchemaIsRefused() throws {
    let schema = try Schema(
      [
        (name: "number", type: .int32, isNullable: false),
        (name: "text", type: .string, isNullable: true),
      ], sortKeyCount: 1)
    #expect(
      throws: StorageError.unknownName(kind: "column", name: "nmber", known: ["number", "text"])
    ) { try (Field("nmber") == 1).bound(to: schema) }
    for predicate in [Field("number") == "1", Field("text") == 1, Field("number") == true] {
      #expect(throws: StorageError.self) { try predicate.bound(to: schema) }
    }
    #expect(throws: StorageError.self) { try Aggregate.sum("text").bound(to: schema) }
  }

  @Test func equalityValuesAreThoseARowMustHave() throws {
    let schema = try Schema(
      [
        (name: "id", type: .int64, isNullable: false),
        (name: "text", type: .string, isNullable: true),
      ], sortKeyCount: 1)
    func values(_ predicate: Predicate, _ column: Int) throws -> [Value]? {
      try predicate.bound(to: schema).equalityValues(ofColumn: column)
    }
    let id = Field("id")
    #expect(try values(id == 3, 0) == [.integer(3)])
    #expect(try values(id == 3 && Field("text") == "a", 1) == [.string("a")])
    #expect(try values(id.isOneOf([3, 1, 3]), 0) == [.integer(1), .integer(3)])
    #expect(try values(id == 3 || id == 5, 0) == [.integer(3), .integer(5)])
    #expect(try values(id == 3 && id == 5, 0) == [])
    #expect(try values(id >= 3 && id < 5, 0) == [.integer(3), .integer(4)])
    #expect(try values(id == 3 || Field("text") == "a", 0) == nil)
    #expect(try values(id > 3, 0) == nil)
    #expect(try values(!(Field("text") == "a"), 1) == nil)
    #expect(try values(Field("text").isNull, 1) == [.null])
  }
}
