import StorageBase
import Testing

@testable import IngestDriver

/// What is parsed eight characters at a time is what `ValueText` makes of it, or is left to it.
@Suite struct DigitWordTests {
  /// Gives `body` the address of the text, with something else around it.
  private func withText<R>(_ text: String, _ body: (UnsafeRawPointer, Int) -> R) -> R {
    let bytes =
      Array("7-9".utf8) + Array(text.utf8) + Array(repeating: UInt8(ascii: "5"), count: 40)
    return bytes.withUnsafeBytes { body($0.baseAddress! + 3, text.utf8.count) }
  }

  private func reference(
    _ text: String, _ parse: (UnsafeRawBufferPointer) throws(TextProblem) -> Int64
  ) -> Int64? {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { bytes in try? parse(bytes) }
  }

  @Test func integersOfUpTo16DigitsAreRead() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<5000 {
      let digits = String(random.next() % 10_000_000_000_000_000).suffix(
        Int.random(in: 1...16, using: &random))
      let text = (Bool.random(using: &random) ? "-" : "") + digits
      #expect(withText(text) { DigitWord.integer($0, $1) } == Int64(text))
    }
  }

  @Test func malformedTextIsNeverANumber() {
    var random = SeededGenerator(seed: 2)
    let alphabet = Array("0123456789+-./:; \u{7F}é,\n")
    let decimals: [(Int, Int)] = [(15, 2), (18, 0), (1, 1), (3, 2), (9, 6), (18, 6), (4, 1)]
    var readCount = 0
    for _ in 0..<20_000 {
      // Mostly digits, so that one wrong byte decides.
      let text = String(
        (0..<Int.random(in: 1...18, using: &random)).map { _ in
          Int.random(in: 0..<8, using: &random) == 0
            ? alphabet.randomElement(using: &random)!
            : Character(String(Int.random(in: 0...9, using: &random)))
        })
      if let value = withText(text, { DigitWord.integer($0, $1) }) {
        let all = Int64.min...Int64.max
        #expect(
          reference(text) { (b) throws(TextProblem) in try ValueText.integer(b, in: all) }
            == value)
        readCount += 1
      }
      for (precision, scale) in decimals {
        let plain = DigitWord.Decimal(precision: precision, scale: scale)
        guard let value = withText(text, { plain?.unscaled($0, $1) }) else { continue }
        #expect(
          reference(text) { (b) throws(TextProblem) in
            try ValueText.decimal(b, precision: precision, scale: scale, as: Int64.self)
          } == value, "\(text) as decimal(\(precision),\(scale))")
        readCount += 1
      }
    }
    #expect(readCount > 4000)
  }

  @Test(arguments: [(15, 2), (18, 6), (18, 1), (9, 0), (12, 4)])
  func decimalsAreRead(precision: Int, scale: Int) throws {
    let plain = try #require(DigitWord.Decimal(precision: precision, scale: scale))
    let type = DataType.decimal(precision: precision, scale: scale)
    var random = SeededGenerator(seed: 3)
    for digits in 1...min(precision, 15) {
      for _ in 0..<500 {
        let magnitude = Int64(String(random.next()).suffix(digits)) ?? 0
        let value = Bool.random(using: &random) ? magnitude : -magnitude
        let text = type.format(.integer(Int128(value)))
        guard text.utf8.count <= 16 else { continue }
        #expect(withText(text) { plain.unscaled($0, $1) } == value, "\(text)")
        let whole = value / 1000
        if scale <= 2, digits <= 12 {
          let factor = (0..<scale).reduce(Int64(1)) { product, _ in product * 10 }
          #expect(withText("\(whole)") { plain.unscaled($0, $1) } == whole * factor)
        }
      }
    }
  }

  /// The calendar repeats after 400 years; the first and last years may have limits of their own.
  @Test(arguments: [0...4, 1599...2001, 9995...9999]) func everyDayIsRead(years: ClosedRange<Int>) {
    var expected = Int64(CivilDate(year: years.lowerBound, month: 1, day: 1)!.daysSinceEpoch)
    for year in years {
      for month in 1...12 {
        for day in 1...31 {
          let found = DigitWord.days(year: Int64(year), month: Int64(month), day: Int64(day))
          let isDay = CivilDate(year: year, month: month, day: day) != nil
          if found != (isDay ? expected : nil) {
            Issue.record("\(year)-\(month)-\(day) is \(found ?? -1), not \(expected)")
          }
          expected += isDay ? 1 : 0
        }
      }
    }
    for (month, day) in [(0, 1), (13, 1), (99, 9), (1, 0), (2, 99), (12, 32)] as [(Int64, Int64)] {
      #expect(DigitWord.days(year: 2000, month: month, day: day) == nil)
    }
  }

  @Test func datesAndTimesAreReadOrLeft() {
    var random = SeededGenerator(seed: 4)
    var readCount = 0
    for _ in 0..<15_000 {
      let instant = Int128(Int64.random(in: -62_167_219_200...253_402_300_799, using: &random))
      let value = instant * 1_000_000 + Int128(random.next() % 1_000_000)
      var text = Array(DataType.datetime.format(.integer(value)).utf8)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: text = Array(text.prefix(Int.random(in: 10...26, using: &random)))
      case 1:
        let index = Int.random(in: 0..<text.count, using: &random)
        text[index] = Array("0359:.-T Z/;".utf8).randomElement(using: &random)!
      default: break
      }
      let string = String(decoding: text, as: UTF8.self)
      if let found = withText(string, { DigitWord.datetime($0, $1) }) {
        #expect(
          reference(string) { (b) throws(TextProblem) in try ValueText.datetime(b) } == found,
          "\(string)")
        readCount += 1
      }
      let day = String(string.prefix(10))
      if let found = withText(day, { $1 == 10 ? DigitWord.date($0) : nil }) {
        #expect(
          reference(day) { (b) throws(TextProblem) in try ValueText.date(b) } == found, "\(day)")
        readCount += 1
      }
    }
    #expect(readCount > 20_000)
  }
}
