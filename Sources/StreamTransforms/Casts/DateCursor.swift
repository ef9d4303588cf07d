import StorageBase

/// Reads a date or time whose parts stand as a pattern says.
struct DateCursor {
  private var text: TextCursor
  private var (year, month, day) = (1970, 1, 1)
  private var (hour, minute, second, fraction) = (0, 0, 0, 0)
  /// Of the clock before UTC, in microseconds.
  private var offset: Int64 = 0

  private static let monthNames = Array("janfebmaraprmayjunjulaugsepoctnovdec".utf8)

  init(_ bytes: UnsafeRawBufferPointer) { text = TextCursor(bytes) }

  /// Microseconds since 1970-01-01 UTC.
  mutating func read(_ elements: [DatePattern.Element]) throws(TextProblem) -> Int64 {
    for element in elements { try read(element) }
    guard text.isAtEnd, let date = CivilDate(year: year, month: month, day: day) else {
      throw .malformed
    }
    let clock = try TextCursor.microseconds(hour: hour, minute: minute, second: second)
    return try ValueText.moment(
      days: Int64(date.daysSinceEpoch), microseconds: clock &+ Int64(fraction) &- offset)
  }

  private mutating func read(_ element: DatePattern.Element) throws(TextProblem) {
    switch element {
    case .year: year = try text.readDigits(4)
    case .month: month = try text.readDigits(2)
    case .day: day = try text.readDigits(2)
    case .hour: hour = try text.readDigits(2)
    case .minute: minute = try text.readDigits(2)
    case .second: second = try text.readDigits(2)
    case .monthName: month = try readMonthName()
    case .fraction(let count):
      fraction = try text.readDigits(count)
      for _ in count..<6 { fraction &*= 10 }
    case .offset: offset = try text.readOffset()
    case .literal(let byte): try text.require(byte)
    }
  }

  private mutating func readMonthName() throws(TextProblem) -> Int {
    var letters = (UInt8(0), UInt8(0), UInt8(0))
    letters.0 = try text.readByte() | 0x20
    letters.1 = try text.readByte() | 0x20
    letters.2 = try text.readByte() | 0x20
    let names = Self.monthNames
    for start in stride(from: 0, to: names.count, by: 3)
    where letters == (names[start], names[start + 1], names[start + 2]) {
      return start / 3 + 1
    }
    throw .malformed
  }
}
