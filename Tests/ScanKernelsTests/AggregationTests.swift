import ScanKernels
import StorageBase
import Testing

/// The ways grouping and summing change gear: direct index to hash table, 64 to 128 bits.
@Suite struct AggregationTests {
  private struct Table {
    let schema: Schema
    let rows: [[Value]]

    init(_ types: [DataType], _ rows: [[Value]]) throws {
      schema = try Schema(
        types.enumerated().map { (name: "c\($0.offset)", type: $0.element, isNullable: true) },
        sortKeyCount: 1)
      self.rows = rows
    }

    /// The aggregation of all rows, fed in pages.
    func aggregation(
      by keys: [Int], _ aggregates: [Aggregate], rowsPerPage: Int = 500,
      keyRanges: [ClosedRange<Int64>?] = [], expectedRowCount: Int = 0
    ) throws -> Aggregation {
      let result = Aggregation(
        schema: schema, groupBy: keys, aggregates: try aggregates.map { try $0.bound(to: schema) },
        keyRanges: keyRanges, expectedRowCount: expectedRowCount)
      for start in stride(from: 0, to: rows.count, by: rowsPerPage) {
        let page = rows[start..<min(rows.count, start + rowsPerPage)]
        let vectors = schema.columns.enumerated().map { index, column in
          let builder = ColumnBuilder(type: column.type)
          for row in page { builder.append(row[index]) }
          return builder.finish()
        }
        try result.add(rowCount: page.count, selection: nil) { vectors[$0] }
      }
      return result
    }
  }

  private func counts(_ rows: [[Value]], by keys: [Int]) -> [[Value]: Int128] {
    rows.reduce(into: [:]) { counts, row in counts[keys.map { row[$0] }, default: 0] += 1 }
  }

  private func check(_ found: [[Value]], _ expected: [[Value]: Int128]) {
    #expect(found.count == expected.count)
    for row in found { #expect(row.last == .integer(expected[Array(row.dropLast())] ?? -1)) }
  }

  /// 700 x 700 strings need more bits than a direct index may have, after a start that fits one.
  @Test func groupsSurviveTheMoveFromDirectIndexToHashTable() throws {
    var random = SeededGenerator(seed: 30)
    let rows = (0..<6000).map { row -> [Value] in
      let spread = UInt64(min(700, 3 + row / 4))
      return [
        row % 97 == 0 ? .null : .string("left \(random.next() % spread)"),
        row % 89 == 0 ? .null : .string("right \(random.next() % spread)"),
      ]
    }
    let table = try Table([.string, .string], rows)
    let whole = try table.aggregation(by: [0, 1], [.countAll])
    check(try whole.rows(), counts(rows, by: [0, 1]))

    // A small direct one takes in a large hashed one, and the other way round.
    let few = Array(rows[..<300])
    let small = try Table([.string, .string], few).aggregation(by: [0, 1], [.countAll])
    let large = try table.aggregation(by: [0, 1], [.countAll])
    large.merge(small)
    small.merge(whole)
    check(try small.rows(), counts(rows + few, by: [0, 1]))
    check(try large.rows(), counts(rows + few, by: [0, 1]))
  }

  @Test func keysOfEveryWidthPackTogether() throws {
    var random = SeededGenerator(seed: 31)
    let types: [DataType] = [
      .int16, .decimal(precision: 38, scale: 0), .float, .int64, .string, .int32, .bool, .double,
      .int8,
    ]
    let rows = (0..<3000).map { _ in
      types.map { type -> Value in
        let choice = random.next() % 4
        if choice == 0 { return .null }
        switch type {
        case .string: return .string("s\(choice)")
        case .float, .double: return .floating([0, -1.5, 2][Int(choice) - 1])
        default:
          guard let range = type.integerRange else { return .null }
          return .integer([range.lowerBound, 0, range.upperBound][Int(choice) - 1])
        }
      }
    }
    let table = try Table(types, rows)
    for keys in [[0, 1, 2, 3, 4, 5, 6, 7, 8], [8, 3, 1], [2, 6], [5], [1], [7, 4, 0], [6, 8]] {
      check(
        try table.aggregation(by: keys, [.countAll]).rows(), counts(rows, by: keys))
    }
  }

  /// With many rows for the values a key can have its codes are the group numbers.
  @Test func denseGroupsAreThoseThatWereMet() throws {
    var random = SeededGenerator(seed: 32)
    let rows = (0..<5000).map { row -> [Value] in
      [
        row % 50 == 0 ? .null : .integer(Int128(random.next() % 900) + 5000),
        .integer(Int128(random.next() % 100)),
      ]
    }
    let table = try Table([.int32, .int64], rows)
    let aggregates: [Aggregate] = [.sum("c1"), .average("c1"), .max("c1"), .countAll]
    let hashed = try table.aggregation(by: [0], aggregates)
    func dense(_ rows: [[Value]]) throws -> Aggregation {
      try Table([.int32, .int64], rows).aggregation(
        by: [0], aggregates, keyRanges: [5000...6500], expectedRowCount: 1_000_000)
    }
    let whole = try dense(rows)
    #expect(whole.groups.count == hashed.groups.count)
    #expect(try whole.rows() == hashed.rows())
    let halves = try dense(Array(rows[..<100]))
    halves.merge(try dense(Array(rows[100...])))
    #expect(try halves.rows() == hashed.rows())
  }

  @Test func zerosAreOneGroupAndSoAreNaNs() throws {
    let other = -Double.nan
    for type in [DataType.float, .double] {
      let rows = [0, -0.0, .nan, other, 0].map { [Value.floating($0)] }
      let found = try Table([type], rows).aggregation(by: [0], [.countAll]).rows()
      #expect(found.map { $0[1] } == [.integer(3), .integer(2)])
    }
  }

  @Test func sumsOf64BitsGoOnIn128() throws {
    let rows = (0..<1000).map { row -> [Value] in
      [.integer(Int128(row % 2)), .integer(row % 2 == 0 ? Int128(Int64.max) : Int128(Int64.min))]
    }
    let table = try Table([.int8, .int64], rows)
    let expected = [Int128(Int64.max) * 500, Int128(Int64.min) * 500]
    let grouped = try table.aggregation(by: [0], [.sum("c1"), .average("c1")])
    #expect(try grouped.rows().map { $0[1] } == expected.map { .integer($0) })
    #expect(try grouped.rows()[0][2] == .floating(Double(expected[0]) / 500))
    let whole = try table.aggregation(by: [], [.sum("c1")])
    #expect(try whole.rows() == [[.integer(expected[0] + expected[1])]])
  }

  @Test func aSumOf128BitsMayPassItsRangeOnTheWayButNotEndOutside() throws {
    let type = DataType.decimal(precision: 38, scale: 0)
    let large = powerOfTen(38) - 1
    let there = Array(repeating: [Value.integer(0), .integer(large)], count: 5)
    let back = Array(repeating: [Value.integer(0), .integer(-large)], count: 4)
    for keys in [[], [0]] {
      let fits = try Table([.int8, type], there + back).aggregation(by: keys, [.sum("c1")])
      #expect(try fits.rows()[0].last == .integer(large))
      let tooLarge = try Table([.int8, type], there).aggregation(by: keys, [.sum("c1")])
      #expect(throws: StorageError.self) { try tooLarge.rows() }
      let average = try Table([.int8, type], there).aggregation(by: keys, [.average("c1")])
      guard case .floating(let mean) = try average.rows()[0].last else {
        Issue.record("an average is a double")
        continue
      }
      #expect(abs(mean / 1e38 - 1) < 1e-12)
    }
  }

  @Test func noRowsAreOneGroupWithoutKeysAndNoneWithThem() throws {
    let table = try Table([.int32, .string], [])
    let aggregates: [Aggregate] = [
      .countAll, .count("c0"), .sum("c0"), .average("c0"), .min("c1"), .max("c0"),
    ]
    #expect(
      try table.aggregation(by: [], aggregates).rows()
        == [[.integer(0), .integer(0), .null, .null, .null, .null]])
    #expect(try table.aggregation(by: [0], aggregates).rows().isEmpty)
  }
}
