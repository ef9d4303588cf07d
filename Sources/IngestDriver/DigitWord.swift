/// Numbers from text eight characters at a time: a word holds them, the first in its low byte, and
/// three multiplications add them up. Nil stands for "not of the plain form", which is for
/// `ValueText` to judge.
///
/// The arithmetic is that of Lemire, "Number parsing at a gigabyte per second" (Software: Practice
/// and Experience 51, 2021).
///
/// All functions read up to 8 bytes after the text.
enum DigitWord {
  static let zeros: UInt64 = 0x3030_3030_3030_3030

  @inline(__always) static func load(_ start: UnsafeRawPointer) -> UInt64 {
    UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
  }

  /// `count` characters as the last of eight, with the digit 0 before them.
  /// - Precondition: `count` is in 1...8.
  @inline(__always) static func aligned(_ start: UnsafeRawPointer, _ count: Int) -> UInt64 {
    let shift = UInt64(truncatingIfNeeded: 64 &- count &* 8)
    return load(start) &<< shift | zeros & ((1 &<< shift) &- 1)
  }

  /// Whether all bytes are digits, given them exclusive-or '0': those above 9 carry into the
  /// high bit, or have it.
  @inline(__always) static func areDigits(_ values: UInt64) -> Bool {
    ((values &+ 0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080 == 0
  }

  /// The number that eight digits are.
  @inline(__always) static func number(_ word: UInt64) -> UInt64? {
    var values = word ^ zeros
    guard areDigits(values) else { return nil }
    values = (values &* 2561) &>> 8
    values = ((values & 0x00FF_00FF_00FF_00FF) &* 6_553_601) &>> 16
    return ((values & 0x0000_FFFF_0000_FFFF) &* 42_949_672_960_001) &>> 32
  }

  /// 1 to 16 digits.
  @inline(__always) static func number(_ start: UnsafeRawPointer, _ count: Int) -> UInt64? {
    if UInt(bitPattern: count &- 1) < 8 { return number(aligned(start, count)) }
    guard UInt(bitPattern: count &- 9) < 8, let high = number(aligned(start, count &- 8)),
      let low = number(load(start + (count &- 8)))
    else { return nil }
    return high &* 100_000_000 &+ low
  }

  /// 1 to 16 digits, with or without a minus before them.
  @inline(__always) static func integer(_ start: UnsafeRawPointer, _ length: Int) -> Int64? {
    let sign = minus(start)
    guard let magnitude = number(start + sign, length &- sign) else { return nil }
    return signed(magnitude, sign)
  }

  /// 1 when the text begins with a minus, else 0.
  @inline(__always) private static func minus(_ start: UnsafeRawPointer) -> Int {
    start.load(as: UInt8.self) == UInt8(ascii: "-") ? 1 : 0
  }

  @inline(__always) private static func signed(_ magnitude: UInt64, _ sign: Int) -> Int64 {
    let mask = Int64(truncatingIfNeeded: 0 &- sign)
    return (Int64(truncatingIfNeeded: magnitude) ^ mask) &- mask
  }
}

extension DigitWord {
  /// What there is to know of a decimal type before its values.
  struct Decimal {
    private let scale: Int
    /// Where the point stands in eight characters that end with `scale` digits; nil when the type
    /// is not for this parser.
    private let pointShift: UInt64
    private let growth: UInt64
    private let unscaledEnd: UInt64
    private let integralEnd: UInt64

    /// Nil for a type whose values all go to `ValueText`.
    init?(precision: Int, scale: Int) {
      guard (0...6).contains(scale), precision <= 18 else { return nil }
      func power(_ exponent: Int) -> UInt64 {
        (0..<exponent).reduce(1) { product, _ in product * 10 }
      }
      self.scale = scale
      pointShift = UInt64(8 * (7 - scale))
      growth = power(scale)
      unscaledEnd = power(precision)
      integralEnd = power(precision - scale)
    }

    /// A number of up to 16 characters, with as many digits after the point as the type has, or
    /// without a point.
    @inline(__always) func unscaled(_ start: UnsafeRawPointer, _ length: Int) -> Int64? {
      let sign = minus(start)
      let first = start + sign
      let count = length &- sign
      var magnitude: UInt64
      if UInt(bitPattern: count &- 1) < 8 {
        let word = aligned(first, count)
        if hasPoint(word) {
          guard let number = number(closingGap(of: word)) else { return nil }
          magnitude = number
        } else {
          guard let number = number(word), number < integralEnd else { return nil }
          magnitude = number &* growth
        }
      } else {
        guard UInt(bitPattern: count &- 9) < 8, let high = number(aligned(first, count &- 8))
        else { return nil }
        let word = load(first + (count &- 8))
        if hasPoint(word) {
          guard let low = number(closingGap(of: word)) else { return nil }
          magnitude = high &* 10_000_000 &+ low
        } else {
          guard let low = number(word) else { return nil }
          magnitude = high &* 100_000_000 &+ low
          guard magnitude < integralEnd else { return nil }
          magnitude = magnitude &* growth
        }
      }
      guard magnitude < unscaledEnd else { return nil }
      return signed(magnitude, sign)
    }

    @inline(__always) private func hasPoint(_ word: UInt64) -> Bool {
      scale > 0 && (word &>> pointShift) & 0xFF == UInt64(UInt8(ascii: "."))
    }

    /// Seven digits without the point among them, behind the digit 0.
    @inline(__always) private func closingGap(of word: UInt64) -> UInt64 {
      let below = (1 &<< pointShift) &- 1
      return word & ~(below &<< 8 | 0xFF) | (word & below) &<< 8 | 0x30
    }
  }
}

extension DigitWord {
  /// `YYYY-MM-DD` as days since 1970-01-01.
  @inline(__always) static func date(_ start: UnsafeRawPointer) -> Int64? {
    let head = load(start) ^ 0x2D30_302D_3030_3030
    let day = UInt64(UInt16(littleEndian: (start + 8).loadUnaligned(as: UInt16.self)) ^ 0x3030)
    guard areDigits(head), head & 0xFF00_00FF_0000_0000 == 0, areDigits(day) else { return nil }
    func two(_ values: UInt64, _ shift: UInt64) -> Int64 {
      Int64(truncatingIfNeeded: (values &>> shift & 0xFF) &* 10 &+ (values &>> (shift &+ 8) & 0xFF))
    }
    return days(
      year: two(head, 0) &* 100 &+ two(head, 16), month: two(head, 40), day: two(day, 0))
  }

  /// As `CivilDate`, for the years 0 to 9999; nil when there is no such day.
  @inline(__always) static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
    let isLeap = year & 3 == 0 && (year % 25 != 0 || year & 15 == 0)
    let february: Int64 = isLeap ? 29 : 28
    let length = month == 2 ? february : 30 &+ ((month &+ month &>> 3) & 1)
    guard UInt64(bitPattern: month &- 1) < 12, UInt64(bitPattern: day &- 1) < UInt64(length) else {
      return nil
    }
    // The days of the months before, as if February had 30.
    let dayOfYear =
      (367 &* month &- 362) / 12 &+ day &- 1 &- (month <= 2 ? 0 : 30 &- february)
    // Leap years before this one, counted in an era later so that no quotient is negative.
    let shifted = year &+ 399
    let leapYears = shifted / 4 &- shifted / 100 &+ shifted / 400 &- 96
    return year &* 365 &+ leapYears &+ dayOfYear &- 719_528
  }

  /// `YYYY-MM-DD HH:MM:SS` with a space or `T` in it and a point and 1 to 6 digits or nothing
  /// after it, as microseconds since 1970-01-01.
  @inline(__always) static func datetime(_ start: UnsafeRawPointer, _ length: Int) -> Int64? {
    guard length == 19 || UInt(bitPattern: length &- 21) < 6, let days = date(start) else {
      return nil
    }
    let separator = start.load(fromByteOffset: 10, as: UInt8.self)
    let clock = load(start + 11) ^ 0x3030_3A30_303A_3030
    guard separator == UInt8(ascii: " ") || separator == UInt8(ascii: "T"), areDigits(clock),
      clock & 0x0000_FF00_00FF_0000 == 0
    else { return nil }
    func two(_ shift: UInt64) -> Int64 {
      Int64(
        truncatingIfNeeded: (clock &>> shift & 0xFF) &* 10 &+ (clock &>> (shift &+ 8) & 0xFF))
    }
    let (hour, minute, second) = (two(0), two(24), two(48))
    guard hour < 24, minute < 60, second < 60 else { return nil }
    var microseconds = ((days &* 24 &+ hour) &* 60 &+ minute) &* 60 &+ second
    microseconds = microseconds &* 1_000_000
    if length > 19 {
      guard start.load(fromByteOffset: 19, as: UInt8.self) == UInt8(ascii: "."),
        let fraction = fraction(start + 20, length &- 20)
      else { return nil }
      microseconds = microseconds &+ fraction
    }
    return microseconds
  }

  /// 1 to 6 digits after a point, as millionths.
  @inline(__always)
  private static func fraction(_ start: UnsafeRawPointer, _ count: Int) -> Int64? {
    let kept = (UInt64(1) &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1
    let digits = load(start) & kept | zeros & ~kept
    return number(digits &<< 16 | 0x3030).map { Int64(truncatingIfNeeded: $0) }
  }
}
