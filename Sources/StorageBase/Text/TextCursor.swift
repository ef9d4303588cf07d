/// Walks along the text of a date or time, whose parts it reads one after the other.
package struct TextCursor {
  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  package var isAtEnd: Bool { index == bytes.count }

  /// The next byte; nil at the end.
  package var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  /// Passes `byte` if it is next.
  package mutating func pass(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    index &+= 1
    return true
  }

  /// The next byte, whichever it is.
  package mutating func readByte() throws(TextProblem) -> UInt8 {
    guard let byte = next else { throw .malformed }
    index &+= 1
    return byte
  }

  package mutating func require(_ byte: UInt8) throws(TextProblem) {
    guard pass(byte) else { throw .malformed }
  }

  /// Exactly `count` digits.
  /// - Precondition: `count` is at most 18.
  package mutating func readDigits(_ count: Int) throws(TextProblem) -> Int {
    var number = 0
    for _ in 0..<count { number = number &* 10 &+ Int(try readDigit()) }
    return number
  }

  private mutating func readDigit() throws(TextProblem) -> UInt8 {
    guard let digit = ValueText.digit(try readByte()) else { throw .malformed }
    return digit
  }

  /// As days since 1970-01-01.
  mutating func readDate() throws(TextProblem) -> Int64 {
    let isNegative = pass(UInt8(ascii: "-"))
    var year = try readDigits(4)
    var digitCount = 4
    while let byte = next, let digit = ValueText.digit(byte) {
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

  /// What follows a date: nothing, or a separator, a clock and an offset or none. In microseconds
  /// of UTC after the beginning of the day, so that it may be on the day before or after.
  mutating func readTimeOfDay() throws(TextProblem) -> Int64 {
    if isAtEnd { return 0 }
    guard pass(UInt8(ascii: " ")) || pass(UInt8(ascii: "T")) else { throw .malformed }
    let clock = try readClock()
    return isAtEnd ? clock : clock &- (try readOffset())
  }

  private mutating func readClock() throws(TextProblem) -> Int64 {
    let hour = try readDigits(2)
    try require(UInt8(ascii: ":"))
    let minute = try readDigits(2)
    var second = 0
    var fraction = 0
    if pass(UInt8(ascii: ":")) {
      second = try readDigits(2)
      if pass(UInt8(ascii: ".")) { fraction = try readFraction() }
    }
    return try Self.microseconds(hour: hour, minute: minute, second: second) &+ Int64(fraction)
  }

  /// Of a time of day in whole seconds.
  package static func microseconds(
    hour: Int, minute: Int, second: Int
  ) throws(TextProblem) -> Int64 {
    guard hour < 24, minute < 60, second < 60 else { throw .malformed }
    return Int64((hour * 60 + minute) * 60 + second) &* 1_000_000
  }

  /// 1 to 9 digits, as microseconds; those below are left out.
  private mutating func readFraction() throws(TextProblem) -> Int {
    var microseconds = Int(try readDigit()) &* 100_000
    var weight = 10_000
    var digitCount = 1
    while let byte = next, let digit = ValueText.digit(byte) {
      guard digitCount < 9 else { throw .tooManyFractionDigits }
      microseconds &+= Int(digit) &* weight
      weight /= 10
      digitCount &+= 1
      index &+= 1
    }
    return microseconds
  }

  /// `Z`, `+HH`, `+HHMM` or `+HH:MM`, and with a minus: how far the local time is ahead of UTC, in
  /// microseconds.
  package mutating func readOffset() throws(TextProblem) -> Int64 {
    if pass(UInt8(ascii: "Z")) { return 0 }
    let isNegative = pass(UInt8(ascii: "-"))
    if !isNegative { try require(UInt8(ascii: "+")) }
    let hour = try readDigits(2)
    var minute = 0
    if pass(UInt8(ascii: ":")) || next.flatMap(ValueText.digit) != nil {
      minute = try readDigits(2)
    }
    let microseconds = try Self.microseconds(hour: hour, minute: minute, second: 0)
    return isNegative ? -microseconds : microseconds
  }
}
