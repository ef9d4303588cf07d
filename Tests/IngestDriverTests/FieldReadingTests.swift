import StorageBase
import Testing

@testable import IngestDriver

struct FieldReadingTests {
  /// Reads `texts` as a column of `type`; a text that is refused gives nil.
  private func parse(
    _ texts: [String], _ type: DataType, _ format: InputMapping.FieldFormat = .standard
  ) throws -> [Value?] {
    let mapping = try InputMapping(
      dialect: CSVDialect(hasHeader: false, nullToken: "NULL"),
      columns: [
        .init(name: "c", type: type, isNullable: true, source: .position(1), format: format)
      ])
    return try texts.map { text in
      let source = try FileSource(
        file: memoryFile("\"\(text)\"\n"), mapping: mapping, maxErrors: 1)
      return try allRows(source.makeReader()).first?[0]
    }
  }

  /// What `DataType.format` writes is read back as the same value.
  private func roundTrips(_ values: [Value], _ type: DataType) throws {
    let texts = values.map { type.format($0) }
    #expect(try parse(texts, type) == values, "\(type)")
  }

  @Test(arguments: [
    DataType.bool, .int8, .int16, .int32, .int64, .date, .datetime,
    .decimal(precision: 1, scale: 0), .decimal(precision: 1, scale: 1),
    .decimal(precision: 18, scale: 0), .decimal(precision: 18, scale: 18),
    .decimal(precision: 19, scale: 2), .decimal(precision: 38, scale: 0),
    .decimal(precision: 38, scale: 38), .decimal(precision: 15, scale: 2),
  ])
  func integersRoundTripAndStopAtTheirRange(type: DataType) throws {
    let range = try #require(type.integerRange)
    var generator = SeededGenerator(seed: 7)
    var values = [range.lowerBound, range.upperBound, 0, 1]
    for bits in 1..<126 {
      let value = Int128.random(in: -(1 << Int128(bits))...(1 << Int128(bits)), using: &generator)
      if range.contains(value) { values.append(value) }
    }
    try roundTrips(values.map { .integer($0) }, type)
    if type == .bool || type == .datetime || type == .date { return }
    let scale = if case .decimal(_, let scale) = type { scale } else { 0 }
    let outside = [range.lowerBound - 1, range.upperBound + 1]
      .map { formatDecimal($0, scale: scale) }
    #expect(try parse(outside, type) == [nil, nil])
  }

  @Test func floatingPointIsCorrectlyRounded() throws {
    var generator = SeededGenerator(seed: 3)
    var doubles: [Double] = [
      0, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .leastNormalMagnitude, .infinity,
      -.infinity, 0.1, 1e22, 1e23, 9_007_199_254_740_994, 123_456_789.123_456_789,
    ]
    var floats: [Float] = [
      .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, 0.1, 16_777_218, 1e10, 1e11,
    ]
    while doubles.count < 300 {
      let double = Double(bitPattern: generator.next())
      if double.isFinite { doubles.append(double) }
      let short = (generator.nextUnit() * 1e6).rounded() / 1e3
      doubles.append(short)
      let float = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
      if float.isFinite { floats.append(float) }
    }
    try roundTrips(doubles.map { .floating($0) }, .double)
    try roundTrips(floats.map { .floating(Double($0)) }, .float)
    let texts = [
      "1.5e3", "+.5", "5.", "-1E-2", "1e-400", "00012.50", "4.35", "0.000001e6", "9007199254740993",
      "16777217.0000001",
    ]
    #expect(try parse(texts, .double) == texts.map { .floating(Double($0) ?? .nan) })
    let nan = try #require(try parse(["NaN"], .double)[0])
    guard case .floating(let number) = nan else { return #expect(Bool(false)) }
    #expect(number.isNaN)
    let refused = ["", ".", "e5", "1e", "1e+", "0x10", "1 ", " 1", "1,5", "1e999", "--1", "1.2.3"]
    #expect(try parse(refused, .double) == refused.map { _ in nil })
  }

  @Test func numbersAreStrict() throws {
    let refused = ["", "+", "-", "1 ", " 1", "1.0", "1e3", "0x1", "１", "9223372036854775808"]
    #expect(try parse(refused, .int64) == refused.map { _ in nil })
    #expect(try parse(["+5", "-0", "0007"], .int64) == [.integer(5), .integer(0), .integer(7)])
    let type = DataType.decimal(precision: 4, scale: 2)
    let taken: [Value?] = [
      .integer(1250), .integer(50), .integer(500), .integer(-1), .integer(1000),
    ]
    #expect(try parse(["12.5000", ".5", "5.", "-0.01", "0010"], type) == taken)
    #expect(try parse(["100", "0.001", ".", "", "1..2"], type) == [nil, nil, nil, nil, nil])
    let bits: [Value?] = [
      .integer(1), .integer(1), .integer(0), .integer(0), .integer(1), .integer(1), nil,
    ]
    #expect(try parse(["true", "1", "F", "FALSE", "t", "yes", "2"], .bool) == bits)
  }

  @Test func timesOfEveryWriting() throws {
    let noon: Value = .integer(1_769_860_800_000_000)
    let writings = [
      "2026-01-31 12:00", "2026-01-31T12:00:00", "2026-01-31 12:00:00.000", "2026-01-31T12:00Z",
      "2026-01-31T14:30+02:30", "2026-01-31T02:00:00-10:00", "2026-01-31 13:00:00+01",
      "2026-01-31T12:00:00.000000999Z",
    ]
    #expect(try parse(writings, .datetime) == writings.map { _ in noon })
    #expect(
      try parse(["1970-01-02", "1970-01-01 00:00:00.5"], .datetime) == [
        .integer(86_400_000_000), .integer(500_000),
      ])
    let refused = [
      "", "2026-01-31 24:00", "2026-1-31", "2026-01-31 12", "2026-01-31 12:00:00.",
      "2026-01-31 12:00:00.1234567890", "2026-01-31 12:00:60", "2026-01-31 12:00 ", "20260131",
      "2026-02-29", "2026-13-01", "9999999-01-01", "99999999-01-01", "2026-01-31T12:00+2:30",
    ]
    #expect(try parse(refused, .datetime) == refused.map { _ in nil })
    let days = ["2026-01-31", "2026-01-31 23:59:59", "2026-02-01T01:00+08:00", "2026-01-31 24:00"]
    #expect(
      try parse(days, .date) == [.integer(20_484), .integer(20_484), .integer(20_484), nil])
    #expect(try parse(["20260131", "2026-01-31"], .date, .compact) == [.integer(20_484), nil])
    #expect(
      try parse(["-5", "9223372036854775807"], .datetime, .epochSeconds) == [
        .integer(-5_000_000), nil,
      ])
    #expect(try parse(["7"], .datetime, .epochMilliseconds) == [.integer(7000)])
    #expect(try parse(["7"], .datetime, .epochMicroseconds) == [.integer(7)])
  }

  @Test func stringsAreCheckedAndBounded() throws {
    let longest = String(repeating: "x", count: Limits.stringByteCountMax)
    #expect(
      try parse(["é漢😀", "", longest], .string) == [
        .string("é漢😀"), .string(""), .string(longest),
      ])
    #expect(try parse([longest + "x"], .string) == [nil])
  }

  @Test func bytesAreCounted() {
    var generator = SeededGenerator(seed: 5)
    for length in 0..<80 {
      let bytes = (0..<length).map { _ in
        [0x22, 0x23, 0xA2, 0x21, 0x00, 0xFF].randomElement(using: &generator) ?? UInt8(0)
      }
      let found = bytes.withUnsafeBytes { count(of: 0x22, in: $0) }
      #expect(found == bytes.filter { $0 == 0x22 }.count)
    }
  }
}
