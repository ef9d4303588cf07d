import StorageBase

/// How dates and times are written, compiled once.
///
/// `yyyy` `MM` `dd` `HH` `mm` `ss` are digits of that number, `MMM` the first three letters of an
/// English month in any case, `S` (one to six) digits of a second, `xxx` and `Z` an offset
/// `+08:00`, `+0800`, `+08` or `Z`; letters in single quotes and everything else stand for
/// themselves, such as `dd/MMM/yyyy:HH:mm:ss Z`. Names instead of patterns: `iso` (RFC 3339 and
/// what SQL writes, as `ValueText` has it: `2026-01-31`, `2026-01-31 12:30`,
/// `2026-01-31T12:30:15.25+08:00`), `epoch_s`, `epoch_ms` and `epoch_us` (whole numbers since
/// 1970-01-01 UTC). Times without an offset are UTC.
public struct DatePattern: Hashable, Sendable {
  enum Element: Hashable, Sendable {
    case year, month, monthName, day, hour, minute, second
    /// So many digits.
    case fraction(Int)
    case offset
    case literal(UInt8)
  }

  enum Form: Hashable, Sendable {
    case iso
    /// Microseconds of a unit.
    case epoch(Int64)
    case elements([Element])
  }

  let form: Form
  public let text: String

  /// - Throws: `StorageError.invalidArgument` for a letter that means nothing, and for a pattern
  ///   without year, month and day.
  public init(_ text: String) throws {
    self.text = text
    switch text {
    case "iso": form = .iso
    case "epoch_s": form = .epoch(1_000_000)
    case "epoch_ms": form = .epoch(1000)
    case "epoch_us": form = .epoch(1)
    default: form = .elements(try Self.elements(of: text))
    }
  }

  /// Of a number instead of a text; nil where the pattern is none of numbers.
  var epochUnit: Int64? {
    if case .epoch(let unit) = form { return unit }
    return nil
  }

  static let iso = DatePattern(form: .iso, text: "iso")

  private init(form: Form, text: String) {
    self.form = form
    self.text = text
  }

  private static let plain: [String: Element] = [
    "yyyy": .year, "MM": .month, "MMM": .monthName, "dd": .day, "HH": .hour, "mm": .minute,
    "ss": .second, "xxx": .offset, "Z": .offset,
  ]

  private static func elements(of text: String) throws -> [Element] {
    func refuse(_ reason: String) -> StorageError {
      .invalidArgument(name: "date pattern", value: text, reason: reason)
    }
    let bytes = Array(text.utf8)
    var elements: [Element] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "'") {
        guard let end = bytes[(index + 1)...].firstIndex(of: byte) else {
          throw refuse("a quote is never closed")
        }
        elements += bytes[index + 1..<end].map { .literal($0) }
        index = end + 1
        continue
      }
      guard (0x61...0x7A).contains(byte | 0x20) else {
        elements.append(.literal(byte))
        index += 1
        continue
      }
      let run = bytes[index...].prefix { $0 == byte }
      index += run.count
      let letters = String(decoding: run, as: UTF8.self)
      if byte == UInt8(ascii: "S"), run.count <= 6 {
        elements.append(.fraction(run.count))
      } else if let element = plain[letters] {
        elements.append(element)
      } else {
        throw refuse(
          "\(letters) means nothing; known: yyyy, MM, MMM, dd, HH, mm, ss, S, xxx, Z, and iso, "
            + "epoch_s, epoch_ms, epoch_us alone")
      }
    }
    let hasMonth = elements.contains(.month) || elements.contains(.monthName)
    guard elements.contains(.year), hasMonth, elements.contains(.day) else {
      throw refuse("it needs year, month and day, such as yyyy-MM-dd")
    }
    return elements
  }

  /// Microseconds since 1970-01-01 UTC.
  func microseconds(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    switch form {
    case .iso: return try ValueText.datetime(bytes)
    case .epoch(let unit): return try ValueText.epoch(bytes, unit: unit)
    case .elements(let elements):
      var cursor = DateCursor(bytes)
      return try cursor.read(elements)
    }
  }

  /// The day that the time is on, in days since 1970-01-01.
  func day(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) -> Int64 {
    if form == .iso { return try ValueText.day(bytes) }
    return try microseconds(bytes).flooredDivision(by: ValueText.microsecondsPerDay)
  }
}
