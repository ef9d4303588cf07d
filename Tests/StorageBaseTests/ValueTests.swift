import StorageBase
import Testing

struct ValueTests {
  @Test func decimals() {
    for (unscaled, scale, text) in [
      (0, 0, "0"), (0, 2, "0.00"), (5, 2, "0.05"), (-5, 2, "-0.05"), (123, 2, "1.23"),
      (-123, 2, "-1.23"), (-100, 2, "-1.00"), (7, 0, "7"), (-7, 1, "-0.7"), (1234, 4, "0.1234"),
    ] as [(Int128, Int, String)] {
      #expect(formatDecimal(unscaled, scale: scale) == text)
    }
    let largest = powerOfTen(38) - 1
    #expect(formatDecimal(largest, scale: 38) == "0." + String(repeating: "9", count: 38))
    #expect(formatDecimal(-largest, scale: 37) == "-9." + String(repeating: "9", count: 37))
    #expect(formatDecimal(.min, scale: 1).hasPrefix("-"))
  }

  /// Removing the point and the zeros before the digits gives the number back.
  @Test func decimalsAreTheirDigits() {
    var random = SeededGenerator(seed: 4)
    for _ in 0..<500 {
      let number =
        Int128(Int64(truncatingIfNeeded: random.next()))
        >> Int128.random(in: 0..<63, using: &random)
      let scale = Int.random(in: 0...38, using: &random)
      let text = formatDecimal(number, scale: scale)
      #expect(Int128(text.filter { $0 != "." }) == number)
      #expect(scale == 0 || text.split(separator: ".").last?.count == scale)
    }
  }

  @Test func datetimes() {
    for (microseconds, text) in [
      (0, "1970-01-01 00:00:00"), (1, "1970-01-01 00:00:00.000001"),
      (-1, "1969-12-31 23:59:59.999999"), (86_399_999_999, "1970-01-01 23:59:59.999999"),
      (951_827_696_500_000, "2000-02-29 12:34:56.500000"),
    ] as [(Int64, String)] {
      #expect(formatDatetime(microseconds) == text)
    }
    // Neither end of the range may trap.
    #expect(formatDatetime(.max).hasPrefix("294247-01-10 04:00:54.775807"))
    #expect(formatDatetime(.min).hasPrefix("-290308-12-21 19:59:05.224192"))
  }

  @Test func textOfEveryType() {
    for (type, value, text) in [
      (.bool, .integer(1), "true"), (.bool, .integer(0), "false"), (.int8, .integer(-3), "-3"),
      (.int64, .null, ""), (.string, .null, ""), (.string, .string("a,b"), "a,b"),
      (.decimal(precision: 9, scale: 2), .integer(314), "3.14"), (.date, .integer(0), "1970-01-01"),
      (.datetime, .integer(0), "1970-01-01 00:00:00"), (.double, .floating(0.1), "0.1"),
      (.float, .floating(Double(Float(0.1))), "0.1"),
    ] as [(DataType, Value, String)] {
      #expect(type.format(value) == text, "\(type) \(value)")
    }
  }

  /// A strict weak order: needed by sorting, and easily broken by NaN.
  @Test(
    arguments: [
      [.null, .integer(.min), .integer(-1), .integer(0), .integer(.max)],
      [
        .null, .floating(-.infinity), .floating(-1), .floating(0), .floating(.infinity),
        .floating(.nan),
      ],
      [.null, .string(""), .string("a"), .string("aa"), .string("b"), .string("é"), .string("😀")],
    ] as [[Value]])
  func order(ascending: [Value]) {
    for (i, a) in ascending.enumerated() {
      for (j, b) in ascending.enumerated() { #expect(a.precedes(b) == (i < j), "\(a) \(b)") }
    }
  }

  @Test func negativeZeroIsZero() {
    #expect(!Value.floating(-0.0).precedes(.floating(0)))
    #expect(!Value.floating(0).precedes(.floating(-0.0)))
  }
}
