import ScanKernels
import StorageBase
import Testing

@testable import StreamTransforms

struct CastTests {
  private func cast(
    _ values: [Value], _ source: DataType, _ target: DataType, _ patterns: [String] = []
  ) throws -> [Value?] {
    let builder = ColumnBuilder(type: source)
    for value in values { builder.append(value) }
    let cast = try #require(
      ColumnCast(from: source, to: target, patterns: try patterns.map { try DatePattern($0) }))
    let result = cast.apply(builder.finish())
    return values.indices.map { row in
      if result.failed?[row] == true {
        #expect(result.vector.isNull(row))
        return nil
      }
      return result.vector[row]
    }
  }

  @Test func textsAreReadExactly() throws {
    #expect(
      try cast(
        ["12", "-7", "+3", "", "1x", "9223372036854775807", "9223372036854775808", nil], .string,
        .int64)
        == [12, -7, 3, nil, nil, .integer(Int128(Int64.max)), nil, .null])
    #expect(try cast(["-9223372036854775808"], .string, .int64) == [.integer(Int128(Int64.min))])
    #expect(try cast(["127", "128", "-128", "-129"], .string, .int8) == [127, nil, -128, nil])
    let price = DataType.decimal(precision: 5, scale: 2)
    #expect(
      try cast(
        ["1.5", "-0.07", "999.99", "1000", "1.005", "1.500", ".5", ".", "1.2.3", "7."], .string,
        price)
        == [150, -7, 99999, nil, nil, 150, 50, nil, nil, 700])
    let wide = DataType.decimal(precision: 38, scale: 1)
    #expect(
      try cast(["1234567890123456789012345678901234567.8"], .string, wide)
        == [.integer(12_345_678_901_234_567_890_123_456_789_012_345_678)])
    #expect(try cast(["1.5", "x", "1e3"], .string, .double) == [1.5, nil, 1000.0])
    #expect(try cast(["yes", "F", "2"], .string, .bool) == [1, 0, nil])
  }

  @Test(arguments: [
    ("iso", "2026-01-31", "2026-01-31 00:00:00"),
    ("iso", "2026-01-31 12:30", "2026-01-31 12:30:00"),
    ("iso", "2026-01-31T12:30:15.25Z", "2026-01-31 12:30:15.250000"),
    ("iso", "2026-01-31T12:30:15+08:00", "2026-01-31 04:30:15"),
    ("iso", "2026-01-31T12:30:15.123456789Z", "2026-01-31 12:30:15.123456"),
    ("iso", "2026-02-29", nil), ("iso", "2026-1-1", nil), ("iso", "2026-01-31 24:00", nil),
    ("iso", "2026-01-31 ", nil), ("epoch_s", "0", "1970-01-01 00:00:00"),
    ("epoch_ms", "-1", "1969-12-31 23:59:59.999000"), ("epoch_s", "9223372036854775807", nil),
    ("dd/MMM/yyyy:HH:mm:ss Z", "31/Jan/2026:12:30:15 -0730", "2026-01-31 20:00:15"),
    ("dd/MMM/yyyy:HH:mm:ss Z", "31/Jam/2026:12:30:15 -0730", nil),
    ("yyyyMMdd", "20260131", "2026-01-31 00:00:00"), ("yyyyMMdd", "2026013", nil),
    ("yyyyMMdd", "202601311", nil),
    ("dd.MM.yyyy HH'h'mm", "31.01.2026 09h05", "2026-01-31 09:05:00"),
    ("yyyy-MM-dd HH:mm:ss.SSS", "2026-01-31 09:05:07.120", "2026-01-31 09:05:07.120000"),
    ("yyyy-MM-dd HH:mm:ss.SSS", "2026-01-31 09:05:07.12", nil),
  ])
  func datesAreReadByPatterns(pattern: String, text: String, expected: String?) throws {
    let found = try cast([.string(text)], .string, .datetime, [pattern])[0]
    #expect(found.map { DataType.datetime.format($0) } == expected)
  }

  @Test(arguments: ["yyyy", "hh:mm yyyy-MM-dd", "yyyy-MM-dd 'x", "", "SSSSSSS"])
  func patternsThatMeanNothingAreRefused(text: String) {
    #expect(throws: StorageError.self) { try DatePattern(text) }
  }

  @Test func patternsAreTriedInTurn() throws {
    #expect(
      try cast(["20260131", "31.01.2026", "2026"], .string, .date, ["yyyyMMdd", "dd.MM.yyyy"])
        == [20_484, 20_484, nil])
  }

  @Test func numbersAreRoundedAndMustFit() throws {
    let source = DataType.decimal(precision: 10, scale: 2)
    #expect(try cast([150, 149, -150, -149], source, .int64) == [2, 1, -2, -1])
    #expect(try cast([300, -129], .int64, .int8) == [nil, nil])
    #expect(
      try cast([12, 1000], .int64, .decimal(precision: 5, scale: 2)) == [1200, nil])
    #expect(try cast([2.5, -2.5, 1e30, .floating(.nan)], .double, .int64) == [3, -3, nil, nil])
    #expect(try cast([1.25], .double, .decimal(precision: 5, scale: 1)) == [13])
    #expect(try cast([125], source, .double) == [1.25])
    #expect(
      try cast([1_700_000_000_000], .int64, .datetime, ["epoch_ms"]) == [1_700_000_000_000_000])
    #expect(try cast([86_400_000_001, -1], .datetime, .date) == [1, -1])
    #expect(try cast([106_751_992], .date, .datetime) == [nil])
  }

  @Test func whatHasNoCounterpartIsNoCast() {
    #expect(ColumnCast(from: .int64, to: .datetime) == nil)
    #expect(ColumnCast(from: .datetime, to: .int64) == nil)
    #expect(ColumnCast(from: .double, to: .date) == nil)
  }

  /// What is written as a text is read as the same value.
  @Test(arguments: [
    DataType.bool, .int8, .int32, .int64, .decimal(precision: 12, scale: 3),
    .decimal(precision: 38, scale: 20), .double, .date, .datetime,
  ])
  func textsGoThereAndBack(type: DataType) throws {
    var generator = SeededGenerator(seed: 3)
    let values = (0..<200).map { row -> Value in
      if row % 9 == 0 { return .null }
      if type.isFloating { return .floating(Double.random(in: -1e6...1e6, using: &generator)) }
      let range = type.integerRange ?? 0...0
      // Four digits of years, no more.
      let limit: Int128 = type == .date ? 700_000 : 60_000_000_000_000_000
      let low = max(
        range.lowerBound, type == .date || type == .datetime ? -limit : range.lowerBound)
      let high = min(
        range.upperBound, type == .date || type == .datetime ? limit : range.upperBound)
      return .integer(Int128.random(in: low...high, using: &generator))
    }
    let builder = ColumnBuilder(type: type)
    for value in values { builder.append(value) }
    let texts = builder.finish().asText
    let back = try #require(ColumnCast(from: .string, to: type)).apply(texts)
    #expect(back.failed == nil)
    #expect(values.indices.map { back.vector[$0] } == values)
    for row in values.indices where !values[row].isNull {
      #expect(texts[row] == .string(type.format(values[row])))
    }
  }
}
