import StorageBase
import Testing

/// Every parser gives what its grammar gives, for texts of every length and all that is nearly one.
struct ValueTextTests {
  private let oracle = TextOracle()

  /// What a parser makes of a text that has other digits around it; nil for a refusal.
  private func read<Value>(
    _ text: String, _ parse: (UnsafeRawBufferPointer) throws(TextProblem) -> Value
  ) -> Value? {
    let bytes = Array("7-9".utf8) + Array(text.utf8) + Array("50".utf8)
    return bytes.withUnsafeBytes { bytes in
      do throws(TextProblem) {
        return try parse(UnsafeRawBufferPointer(rebasing: bytes[3..<bytes.count - 2]))
      } catch { return nil }
    }
  }

  @Test func flags() {
    let letters = Array("10tTrRuUeEyYsSoOnNfFaAlL")
    var random = SeededGenerator(seed: 1)
    var texts = ["true", "FALSE", "Yes", "nO", "on", "OFF", "\u{11}", "t\0", "ＯＮ", "2", ""]
    texts += letters.map { String($0) }
    for first in letters { texts += letters.map { String([first, $0]) } }
    for length in 3...6 {
      texts += (0..<500).map { _ in
        String((0..<length).map { _ in letters.randomElement(using: &random)! })
      }
    }
    for text in texts { #expect(read(text, ValueText.bool) == oracle.bool(text), "\(text)") }
    #expect(texts.filter { oracle.bool($0) != nil }.count > 15)
  }

  @Test(arguments: [Int64(Int8.min)...Int64(Int8.max), Int64.min...Int64.max])
  func integers(range: ClosedRange<Int64>) {
    var samples = TextSamples(seed: 2)
    var readCount = 0
    for _ in 0..<2000 {
      let text = samples.damaged(samples.integer())
      let expected = oracle.integer(text, range)
      let found = read(text) { (bytes) throws(TextProblem) in
        try ValueText.integer(bytes, in: range)
      }
      #expect(found == expected, "\(text)")
      if expected != nil { readCount += 1 }
    }
    #expect(readCount > 100)
  }

  @Test(arguments: [(1, 0), (1, 1), (4, 2), (18, 6), (18, 18), (19, 0), (38, 10), (38, 38)])
  func decimals(precision: Int, scale: Int) {
    var samples = TextSamples(seed: 3)
    var readCount = 0
    for _ in 0..<400 {
      let text = samples.damaged(samples.decimal(precision: precision, scale: scale))
      let expected = oracle.decimal(text, precision: precision, scale: scale)
      let wide = read(text) { (bytes) throws(TextProblem) in
        try ValueText.decimal(bytes, precision: precision, scale: scale, as: Int128.self)
      }
      #expect(wide == expected, "\(text) as decimal(\(precision),\(scale))")
      if precision <= 18 {
        let narrow = read(text) { (bytes) throws(TextProblem) in
          try ValueText.decimal(bytes, precision: precision, scale: scale, as: Int64.self)
        }
        #expect(narrow.map { Int128($0) } == expected, "\(text)")
      }
      if expected != nil { readCount += 1 }
    }
    #expect(readCount > 80)
  }

  @Test func floatingPoint() {
    var samples = TextSamples(seed: 4)
    var readCount = 0
    for _ in 0..<2500 {
      let text = samples.damaged(samples.floating())
      let double = oracle.double(text)
      #expect(read(text, ValueText.double)?.bitPattern == double?.bitPattern, "\(text)")
      #expect(
        read(text, ValueText.float)?.bitPattern == oracle.float(text)?.bitPattern, "\(text)")
      if double != nil { readCount += 1 }
    }
    #expect(readCount > 1000)
  }

  @Test func datesAndTimes() {
    var samples = TextSamples(seed: 5)
    var readCount = 0
    for _ in 0..<2500 {
      let text = samples.damaged(samples.time())
      #expect(read(text, ValueText.date) == oracle.date(text), "\(text)")
      #expect(read(text, ValueText.day) == oracle.day(text), "\(text)")
      let time = oracle.datetime(text)
      #expect(read(text, ValueText.datetime) == time, "\(text)")
      #expect(ValueText.datetime(of: text) == time, "\(text)")
      #expect(ValueText.date(of: text) == oracle.date(text), "\(text)")
      if time != nil { readCount += 1 }
    }
    #expect(readCount > 700)
  }

  @Test func datesWithoutDashesAndCountedTimes() {
    var samples = TextSamples(seed: 6)
    for _ in 0..<500 {
      let text = samples.damaged(String(samples.time().filter { $0 != "-" }.prefix(8)))
      var dashed = text
      if text.utf8.count == 8, text.count == 8 {
        let characters = Array(text)
        dashed = String(characters[..<4] + "-" + characters[4..<6] + "-" + characters[6...])
      }
      let expected = dashed == text || dashed.hasPrefix("-") ? nil : oracle.date(dashed)
      #expect(read(text, ValueText.compactDate) == expected, "\(text)")
      let count = samples.damaged(samples.integer())
      for unit in [Int64(1), 1000, 1_000_000] {
        let whole = oracle.integer(count, Int64.min...Int64.max)
        let moment = whole.flatMap { Int64(exactly: Int128($0) * Int128(unit)) }
        let found = read(count) { (bytes) throws(TextProblem) in
          try ValueText.epoch(bytes, unit: unit)
        }
        #expect(found == moment, "\(count)")
      }
    }
  }

  /// The limits of what can be stored, and one beyond.
  @Test func limitsOfTimes() {
    #expect(ValueText.date(of: "5881580-07-11") == Int64(Int32.max))
    #expect(ValueText.date(of: "5881580-07-12") == nil)
    #expect(ValueText.date(of: "-5877641-06-23") == Int64(Int32.min))
    #expect(ValueText.date(of: "-5877641-06-22") == nil)
    #expect(ValueText.datetime(of: "294247-01-10 04:00:54.775807") == Int64.max)
    #expect(ValueText.datetime(of: "294247-01-10 04:00:54.775808") == nil)
    #expect(ValueText.datetime(of: "294247-01-10T12:00:54.775807+08") == Int64.max)
    #expect(ValueText.datetime(of: "-290308-12-21 19:59:05.224192") == Int64.min)
    #expect(ValueText.datetime(of: "-290308-12-21 19:59:05.224191") == nil)
    #expect(read("5881580-07-11 23:59-00:01", ValueText.day) == nil)
    #expect(read("5881580-07-12 00:00+00:01", ValueText.day) == Int64(Int32.max))
  }

  /// Digits below microseconds never move a time to the next second.
  @Test func digitsBelowMicrosecondsAreLeftOut() {
    #expect(ValueText.datetime(of: "1969-12-31 23:59:59.999999999") == -1)
    #expect(ValueText.datetime(of: "1970-01-01 00:00:00.000000999") == 0)
    #expect(ValueText.datetime(of: "1970-01-01 00:00:00.0000000000") == nil)
  }

  @Test func stringsAreCheckedAtEveryLength() {
    for length in 0..<40 {
      var bytes = Array(repeating: UInt8(ascii: "x"), count: length)
      #expect(accepts(bytes))
      for index in bytes.indices {
        bytes[index] = 0xC3
        #expect(!accepts(bytes))
        if index + 1 < length {
          bytes[index + 1] = 0xA9
          #expect(accepts(bytes))
          bytes[index + 1] = UInt8(ascii: "x")
        }
        bytes[index] = UInt8(ascii: "x")
      }
    }
    let longest = Array(repeating: UInt8(ascii: "x"), count: Limits.stringByteCountMax)
    #expect(accepts(longest) && !accepts(longest + [0x78]))
  }

  private func accepts(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      do throws(TextProblem) {
        try ValueText.checkString(bytes)
        return true
      } catch { return false }
    }
  }
}
