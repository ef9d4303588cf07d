import StorageBase

/// Walks along the text of a date or time. Its methods are nil where the text has something else.
struct DateCursor {
  private let bytes: UnsafeRawBufferPointer
  private var index = 0
  private var (year, month, day) = (1970, 1, 1)
  private var (hour, minute, second, fraction) = (0, 0, 0, 0)
  /// Of the clock before UTC.
  private var offsetMinutes = 0

  private static let microsecondsPerDay: Int64 = 86_400_000_000
  private static let monthNames = Array("janfebmaraprmayjunjulaugsepoctnovdec".utf8)

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private var isAtEnd: Bool { index == bytes.count }

  private mutating func pass(_ byte: UInt8) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index &+= 1
    return true
  }

  private mutating func digits(_ count: Int) -> Int? {
    guard bytes.count &- index >= count else { return nil }
    var number = 0
    for _ in 0..<count {
      let digit = bytes[index] &- 0x30
      guard digit <= 9 else { return nil }
      number = number &* 10 &+ Int(digit)
      index &+= 1
    }
    return number
  }

  mutating func read(_ elements: [DatePattern.Element]) -> Int64? {
    for element in elements {
      guard read(element) else { return nil }
    }
    return isAtEnd ? microseconds : nil
  }

  private mutating func read(_ element: DatePattern.Element) -> Bool {
    switch element {
    case .year: return set(\.year, 4)
    case .month: return set(\.month, 2)
    case .day: return set(\.day, 2)
    case .hour: return set(\.hour, 2)
    case .minute: return set(\.minute, 2)
    case .second: return set(\.second, 2)
    case .monthName: return readMonthName()
    case .fraction(let count):
      guard let number = digits(count) else { return false }
      fraction = number
      for _ in count..<6 { fraction &*= 10 }
      return true
    case .offset(let hasColon): return readOffset(hasColon: hasColon)
    case .literal(let byte): return pass(byte)
    }
  }

  private mutating func set(_ part: WritableKeyPath<DateCursor, Int>, _ count: Int) -> Bool {
    guard let number = digits(count) else { return false }
    self[keyPath: part] = number
    return true
  }

  private mutating func readMonthName() -> Bool {
    guard bytes.count &- index >= 3 else { return false }
    let letters = (0..<3).map { bytes[index + $0] | 0x20 }
    for number in 0..<12 where Array(Self.monthNames[number * 3..<number * 3 + 3]) == letters {
      month = number + 1
      index &+= 3
      return true
    }
    return false
  }

  /// `Z`, `+08:00`, or `+0800` without a colon.
  private mutating func readOffset(hasColon: Bool) -> Bool {
    if pass(UInt8(ascii: "Z")) { return true }
    let isNegative = pass(UInt8(ascii: "-"))
    guard isNegative || pass(UInt8(ascii: "+")), let hours = digits(2), hours < 24 else {
      return false
    }
    if hasColon, !pass(UInt8(ascii: ":")) { return false }
    guard let minutes = digits(2), minutes < 60 else { return false }
    offsetMinutes = (isNegative ? -1 : 1) * (hours * 60 + minutes)
    return true
  }

  mutating func iso() -> Int64? {
    guard set(\.year, 4), pass(UInt8(ascii: "-")), set(\.month, 2), pass(UInt8(ascii: "-")),
      set(\.day, 2)
    else { return nil }
    if isAtEnd { return microseconds }
    guard pass(UInt8(ascii: "T")) || pass(UInt8(ascii: " ")), set(\.hour, 2),
      pass(UInt8(ascii: ":")), set(\.minute, 2)
    else { return nil }
    if pass(UInt8(ascii: ":")) {
      guard set(\.second, 2) else { return nil }
      if pass(UInt8(ascii: ".")), !readFraction() { return nil }
    }
    if !isAtEnd, !readOffset(hasColon: true) { return nil }
    return isAtEnd ? microseconds : nil
  }

  /// 1 to 9 digits, of which those below microseconds are left out.
  private mutating func readFraction() -> Bool {
    var (count, weight) = (0, 100_000)
    while index < bytes.count, bytes[index] &- 0x30 <= 9 {
      fraction &+= Int(bytes[index] &- 0x30) &* weight
      weight /= 10
      count &+= 1
      index &+= 1
    }
    return (1...9).contains(count)
  }

  private var microseconds: Int64? {
    guard hour < 24, minute < 60, second < 60,
      let date = CivilDate(year: year, month: month, day: day)
    else { return nil }
    let minutes = hour * 60 + minute - offsetMinutes
    return Int64(date.daysSinceEpoch) * Self.microsecondsPerDay
      + Int64(minutes * 60 + second) * 1_000_000 + Int64(fraction)
  }
}
