import StorageBase

extension FieldParser {
  /// `YYYY-MM-DD`, as days since 1970-01-01. Years may have up to 7 digits and a minus.
  static func date(_ bytes: UnsafeRawBufferPointer) throws(FieldProblem) -> Int64 {
    var cursor = Cursor(bytes)
    let days = try cursor.readDate()
    guard cursor.isAtEnd else { throw .malformed }
    guard days >= Int64(Int32.min), days <= Int64(Int32.max) else { throw .outOfRange }
    return days
  }

  /// `YYYYMMDD`, as days since 1970-01-01.
  static func compactDate(_ bytes: UnsafeRawBufferPointer) throws(FieldProblem) -> Int64 {
    var cursor = Cursor(bytes)
    let year = try cursor.readDigits(4)
    let month = try cursor.readDigits(2)
    let day = try cursor.readDigits(2)
    guard cursor.isAtEnd, let date = CivilDate(year: year, month: month, day: day) else {
      throw .malformed
    }
    return Int64(date.daysSinceEpoch)
  }

  /// A date, alone or followed by `T` or a space and `HH:MM`, `HH:MM:SS` or `HH:MM:SS.` with 1 to
  /// 6 digits, then nothing, `Z`, or an offset `+HH:MM` or `-HH:MM`; as microseconds since
  /// 1970-01-01 UTC.
  static func datetime(_ bytes: UnsafeRawBufferPointer) throws(FieldProblem) -> Int64 {
    var cursor = Cursor(bytes)
    let days = try cursor.readDate()
    var microseconds: Int64 = 0
    if !cursor.isAtEnd {
      guard cursor.pass(UInt8(ascii: " ")) || cursor.pass(UInt8(ascii: "T")) else {
        throw .malformed
      }
      microseconds = try cursor.readClock()
      microseconds &-= try cursor.readOffset()
    }
    guard cursor.isAtEnd else { throw .malformed }
    // Days have at most 7 digits of years, so 128 bits hold the product.
    let total = Int128(days) * 86_400_000_000 + Int128(microseconds)
    guard let result = Int64(exactly: total) else { throw .outOfRange }
    return result
  }

  /// An integer number of `unit`s of microseconds since 1970-01-01 UTC.
  static func epoch(
    _ bytes: UnsafeRawBufferPointer, unit: Int64
  ) throws(FieldProblem) -> Int64 {
    let count = try integer(bytes, in: Int64.min...Int64.max)
    let (microseconds, overflow) = count.multipliedReportingOverflow(by: unit)
    guard !overflow else { throw .outOfRange }
    return microseconds
  }
}

/// Walks along the text of a date or time.
private struct Cursor {
  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { index == bytes.count }

  /// Passes `byte` if it is next.
  mutating func pass(_ byte: UInt8) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index &+= 1
    return true
  }

  mutating func require(_ byte: UInt8) throws(FieldProblem) {
    guard pass(byte) else { throw .malformed }
  }

  /// Exactly `count` digits.
  mutating func readDigits(_ count: Int) throws(FieldProblem) -> Int {
    var number = 0
    for _ in 0..<count {
      guard index < bytes.count, let digit = FieldParser.digit(bytes[index]) else {
        throw .malformed
      }
      number = number &* 10 &+ Int(digit)
      index &+= 1
    }
    return number
  }

  mutating func readDate() throws(FieldProblem) -> Int64 {
    let isNegative = pass(UInt8(ascii: "-"))
    var year = try readDigits(4)
    var digitCount = 4
    while index < bytes.count, let digit = FieldParser.digit(bytes[index]) {
      guard digitCount < 7 else { throw .outOfRange }
      year = year &* 10 &+ Int(digit)
      digitCount &+= 1
      index &+= 1
    }
    try require(UInt8(ascii: "-"))
    let month = try readDigits(2)
    try require(UInt8(ascii: "-"))
    let day = try readDigits(2)
    guard let date = CivilDate(year: isNegative ? -year : year, month: month, day: day) else {
      throw .malformed
    }
    return Int64(date.daysSinceEpoch)
  }

  mutating func readClock() throws(FieldProblem) -> Int64 {
    let hour = try readDigits(2)
    try require(UInt8(ascii: ":"))
    let minute = try readDigits(2)
    var second = 0
    var fraction = 0
    if pass(UInt8(ascii: ":")) {
      second = try readDigits(2)
      if pass(UInt8(ascii: ".")) { fraction = try readFraction() }
    }
    guard hour < 24, minute < 60, second < 60 else { throw .malformed }
    return Int64((hour * 3600 + minute * 60 + second) * 1_000_000 + fraction)
  }

  /// 1 to 6 digits, as microseconds.
  private mutating func readFraction() throws(FieldProblem) -> Int {
    var microseconds = 0
    var weight = 100_000
    while index < bytes.count, let digit = FieldParser.digit(bytes[index]) {
      guard weight > 0 else { throw .tooManyFractionDigits }
      microseconds += Int(digit) * weight
      weight /= 10
      index &+= 1
    }
    guard weight < 100_000 else { throw .malformed }
    return microseconds
  }

  /// How far the local time is ahead of UTC, in microseconds.
  mutating func readOffset() throws(FieldProblem) -> Int64 {
    if isAtEnd || pass(UInt8(ascii: "Z")) { return 0 }
    let isNegative = pass(UInt8(ascii: "-"))
    if !isNegative { try require(UInt8(ascii: "+")) }
    let hour = try readDigits(2)
    try require(UInt8(ascii: ":"))
    let minute = try readDigits(2)
    guard hour < 24, minute < 60 else { throw .malformed }
    let microseconds = Int64(hour * 60 + minute) * 60_000_000
    return isNegative ? -microseconds : microseconds
  }
}
