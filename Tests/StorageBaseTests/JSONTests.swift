import StorageBase
import Testing

@Suite struct JSONTests {
  /// Random values, with integers at their limits and strings of odd scalars.
  private static func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
    switch random.next() % (depth > 3 ? 5 : 7) {
    case 0: return .null
    case 1: return .bool(random.next() % 2 == 0)
    case 2: return .integer(Int(truncatingIfNeeded: random.next()) >> Int(random.next() % 64))
    case 3: return .number((random.nextUnit() - 0.5) * 1e9)
    case 4: return .string(string(&random))
    case 5:
      return .array((0..<Int(random.next() % 4)).map { _ in value(&random, depth: depth + 1) })
    default:
      return .object(
        (0..<Int(random.next() % 4)).map {
          .init("\($0)" + string(&random), value(&random, depth: depth + 1))
        })
    }
  }

  private static func string(_ random: inout SeededGenerator) -> String {
    let scalars: [Unicode.Scalar] = [
      "a", "\"", "\\", "\n", "\u{1}", "ü", "\u{1F600}", "\u{0}", "/",
    ]
    var text = ""
    for _ in 0..<random.next() % 6 {
      text.unicodeScalars.append(scalars[Int(random.next() % UInt64(scalars.count))])
    }
    return text
  }

  @Test func whatIsWrittenIsReadBack() throws {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<500 {
      let value = Self.value(&random, depth: 0)
      #expect(try JSONValue(parsing: value.compactText) == value)
      #expect(try JSONValue(parsing: value.prettyText) == value)
      #expect(!value.compactText.contains("\n"))
    }
  }

  @Test func escapesAndNumbersAreThoseOfTheStandard() throws {
    let text = #" { "a" : "\u00fc\ud83d\ude00\/\b\f\n\r\t\"\\" , "b":[-0,1e2,0.5,-12,true] } "#
    let read = try JSONValue(parsing: text)
    let expected: JSONValue = [
      "a": "ü\u{1F600}/\u{8}\u{C}\n\r\t\"\\",
      "b": [.integer(0), .number(100), .number(0.5), .integer(-12), .bool(true)],
    ]
    #expect(read == expected)
    #expect(try JSONValue(parsing: "9223372036854775807") == .integer(.max))
    #expect(try JSONValue(parsing: "9223372036854775808") == .number(9_223_372_036_854_775_808))
  }

  @Test(
    arguments: [
      "", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{a:1}", "01", "1.", ".5", "+1",
      "1e",
      "1e999", "nul", "True", "\"\u{1}\"", "\"\\x\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
      "\"\\u12g4\"", "\"", "1 2", "[1 2]", "{\"a\" 1}", "-", "NaN",
      String(repeating: "[", count: 100_000),
    ]) func whatIsNotJSONIsRefused(text: String)
  {
    #expect(throws: JSONFault.self) { try JSONValue(parsing: text) }
  }

  @Test func bytesThatAreNoTextAreRefused() {
    for bytes: [UInt8] in [
      [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0xEF, 0xBB, 0xBF, 0x31], [0],
    ] {
      bytes.withUnsafeBufferPointer { buffer in
        _ = #expect(throws: JSONFault.self) { try JSONValue(parsing: buffer) }
      }
    }
  }

  /// Whatever is done to a text, it is read or refused.
  @Test func mutatedTextNeverTraps() {
    var random = SeededGenerator(seed: 2)
    for _ in 0..<2000 {
      var bytes = Array(Self.value(&random, depth: 0).compactText.utf8)
      for _ in 0..<1 + random.next() % 3 where !bytes.isEmpty {
        let place = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 3 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: place)
        default: bytes.insert(bytes[Int(random.next() % UInt64(bytes.count))], at: place)
        }
      }
      bytes.withUnsafeBufferPointer { buffer in
        do { _ = try JSONValue(parsing: buffer) } catch {}
      }
    }
  }

  @Test func membersThatNobodyTakesAreRefused() throws {
    var members = try JSONMembers(["a": 1, "b": "x", "c": .null], of: "it")
    #expect(try members.integer("a", in: 0...1) == 1)
    let absent = members.take("c")
    #expect(absent == Optional.none)
    #expect(throws: JSONMismatch(expected: "no member \"b\"", found: "one")) {
      try members.finish()
    }
    #expect(try members.string("b") == "x")
    try members.finish()
    #expect(throws: JSONMismatch.self) { try members.integer("a") }
    #expect(throws: JSONMismatch.self) { try JSONMembers([1], of: "it") }
  }
}
