extension ValueText {
  package static let microsecondsPerDay: Int64 = 86_400_000_000

  /// A date and nothing else, as days since 1970-01-01.
  package static func date(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    var cursor = TextCursor(bytes)
    let days = try cursor.readDate()
    guard cursor.isAtEnd else { throw .malformed }
    return try storable(days)
  }

  /// The day that a date or a datetime is on, as days since 1970-01-01.
  package static func day(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    var cursor = TextCursor(bytes)
    let days = try cursor.readDate()
    let microseconds = try cursor.readTimeOfDay()
    guard cursor.isAtEnd else { throw .malformed }
    return try storable(days &+ microseconds.flooredDivision(by: microsecondsPerDay))
  }

  private static func storable(_ days: Int64) throws(TextProblem) -> Int64 {
    guard days >= Int64(Int32.min), days <= Int64(Int32.max) else { throw .outOfRange }
    return days
  }

  /// `YYYYMMDD`, as days since 1970-01-01.
  package static func compactDate(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    var cursor = TextCursor(bytes)
    let year = try cursor.readDigits(4)
    let month = try cursor.readDigits(2)
    let day = try cursor.readDigits(2)
    guard cursor.isAtEnd, let date = CivilDate(year: year, month: month, day: day) else {
      throw .malformed
    }
    return Int64(date.daysSinceEpoch)
  }

  /// A datetime or a date, which counts as its first moment; as microseconds since 1970-01-01 UTC.
  package static func datetime(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    var cursor = TextCursor(bytes)
    let days = try cursor.readDate()
    let microseconds = try cursor.readTimeOfDay()
    guard cursor.isAtEnd else { throw .malformed }
    return try moment(days: days, microseconds: microseconds)
  }

  /// Microseconds since 1970-01-01 UTC of a time so much after the beginning of a day.
  package static func moment(days: Int64, microseconds: Int64) throws(TextProblem) -> Int64 {
    // Not in 64 bits: the product may be below the range that the sum is in.
    let total = Int128(days) * Int128(microsecondsPerDay) + Int128(microseconds)
    guard let result = Int64(exactly: total) else { throw .outOfRange }
    return result
  }

  /// An integer number of `unit`s of microseconds since 1970-01-01 UTC.
  package static func epoch(
    _ bytes: UnsafeRawBufferPointer, unit: Int64
  ) throws(TextProblem) -> Int64 {
    let count = try integer(bytes, in: Int64.min...Int64.max)
    let (microseconds, overflow) = count.multipliedReportingOverflow(by: unit)
    guard !overflow else { throw .outOfRange }
    return microseconds
  }

  /// As `date`, of a text that is at hand; nil for one that is no date.
  package static func date(of text: String) -> Int64? { value(of: text, date) }

  /// As `datetime`, of a text that is at hand; nil for one that is no time.
  package static func datetime(of text: String) -> Int64? { value(of: text, datetime) }

  private static func value(
    of text: String, _ read: (UnsafeRawBufferPointer) throws(TextProblem) -> Int64
  ) -> Int64? {
    Array(text.utf8).withUnsafeBytes { bytes in
      do throws(TextProblem) { return try read(bytes) } catch { return nil }
    }
  }
}
