import StorageBase

/// Writes objects in all the ways that JSON allows, and knows what they say.
struct JSONRowWriter {
  var random: SeededGenerator

  private mutating func happens(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &random) < percent
  }

  private mutating func pick<Item>(_ items: [Item]) -> Item { items.randomElement(using: &random)! }

  private mutating func space() -> String { happens(80) ? "" : pick([" ", "\t", "  \t "]) }

  private mutating func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
      guard mustEscape || happens(10) else {
        result.unicodeScalars.append(scalar)
        continue
      }
      let short: [Unicode.Scalar: String] = [
        "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\u{8}": "\\b", "\u{C}": "\\f", "\n": "\\n",
        "\r": "\\r", "\t": "\\t",
      ]
      if let escape = short[scalar], happens(70) {
        result += escape
      } else {
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16, uppercase: happens(50))
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      }
    }
    return result + "\""
  }

  private mutating func text() -> String {
    let pieces = [
      "a", "é", "漢字", "😀", ",", "\"", "\\", "\n", "\u{0}", "{", "]", ":", "/", "ordinary text",
    ]
    var text = ""
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      text.unicodeScalars.append(contentsOf: pick(pieces).unicodeScalars)
    }
    return text
  }

  private mutating func object(_ members: [(name: String, value: String)]) -> String {
    "{" + space()
      + members.shuffled(using: &random).map { name, value in
        quoted(name) + space() + ":" + space() + value + space()
      }.joined(separator: "," + space()) + "}"
  }

  /// A value that no column wants.
  private mutating func stranger(depth: Int = 0) -> String {
    switch Int.random(in: 0..<(depth > 3 ? 4 : 6), using: &random) {
    case 0: return quoted(text())
    case 1: return pick(["true", "false", "null"])
    case 2: return pick(["0", "-1.5e-3", "12E+2", "123456789012345678901234567890", "0.0"])
    case 3: return pick(["[]", "{ }", "\"\""])
    case 4:
      let count = Int.random(in: 1...3, using: &random)
      return "[" + (0..<count).map { _ in stranger(depth: depth + 1) }.joined(separator: " , ")
        + "]"
    default:
      let count = Int.random(in: 1...3, using: &random)
      return object((0..<count).map { ("k\($0)", stranger(depth: depth + 1)) })
    }
  }

  /// A number with so many digits after the point, as it is written.
  private mutating func decimal(_ value: Int, scale: Int) -> String {
    let digits = String(abs(value))
    let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
    return (value < 0 ? "-" : "") + padded.dropLast(scale) + "." + padded.suffix(scale)
  }

  /// An object for the columns of `JSONReaderTests`, and their values.
  mutating func row(id: Int) -> (text: String, values: [Value]) {
    var values = [Value](repeating: .null, count: 13)
    var members: [(name: String, value: String)] = [("id", "\(id)")]
    values[0] = .integer(Int128(id))
    if happens(70) {
      let flag = happens(50)
      members.append(("flag", flag ? "true" : "false"))
      values[1] = .integer(flag ? 1 : 0)
    }
    if happens(70) {
      let small = Int.random(in: -128...127, using: &random)
      members.append(("s m", happens(30) ? "\"\(small)\"" : "\(small)"))
      values[2] = .integer(Int128(small))
    }
    if happens(70) {
      let price = Int.random(in: -100_000...100_000, using: &random)
      members.append(("price", decimal(price, scale: 2)))
      values[3] = .integer(Int128(price))
    }
    if happens(70) {
      var inner: [(name: String, value: String)] = [("x", stranger())]
      let wide = Int.random(in: -1_000_000_000...1_000_000_000, using: &random)
      inner.append(("wide", decimal(wide, scale: 10)))
      values[4] = .integer(Int128(wide))
      let ratio = Double(Int.random(in: -5000...5000, using: &random)) / 64
      inner.append(("ratio", "\(ratio)"))
      values[5] = .floating(ratio)
      members.append(("w", object(inner)))
    } else if happens(50) {
      members.append(("w", pick(["null", "3", "[{\"wide\":1}]", "\"{}\"", "{}"])))
    }
    addNested(&members, &values)
    addTimes(&members, &values)
    if happens(70) {
      let note = text()
      members.append(("note\u{1}\"", quoted(note)))
      values[12] = .string(note)
    } else if happens(30) {
      members.append(("note\u{1}\"", "null"))
    }
    for index in 0..<Int.random(in: 0...3, using: &random) {
      members.append(("stranger \(index) \"\\", stranger()))
    }
    return (object(members), values)
  }

  private mutating func addNested(
    _ members: inout [(name: String, value: String)], _ values: inout [Value]
  ) {
    if happens(70) {
      let city = text()
      members.append(
        ("user", object([("address", object([("city", quoted(city)), ("no", stranger())]))])))
      values[6] = .string(city)
    }
    guard happens(70) else { return }
    var elements: [String] = []
    if happens(80) {
      let sku = text()
      elements.append(object([("sku", quoted(sku)), ("n", stranger())]))
      values[7] = .string(sku)
    } else {
      elements.append(pick(["1", "null", "[\"sku\"]"]))
    }
    if happens(70) {
      let text = pick(["[1, {\"a\": \"b\\n\"}]", "{}", "7.50", "true"])
      elements.append(text)
      values[8] = .string(text)
      if happens(50) { elements.append(stranger()) }
    }
    members.append(("items", "[" + space() + elements.joined(separator: " ,") + space() + "]"))
  }

  private mutating func addTimes(
    _ members: inout [(name: String, value: String)], _ values: inout [Value]
  ) {
    if happens(70) {
      let days = Int.random(in: -10_000...30_000, using: &random)
      members.append(("day", quoted(DataType.date.format(.integer(Int128(days))))))
      values[9] = .integer(Int128(days))
    }
    if happens(70) {
      let seconds = Int.random(in: 0...2_000_000_000, using: &random)
      let value = Value.integer(Int128(seconds) * 1_000_000 + 500_000)
      members.append(("at", quoted(DataType.datetime.format(value))))
      values[10] = value
    }
    if happens(70) {
      let milliseconds = Int.random(in: -1_000_000...2_000_000_000_000, using: &random)
      members.append(("epoch", happens(20) ? "\"\(milliseconds)\"" : "\(milliseconds)"))
      values[11] = .integer(Int128(milliseconds) * 1000)
    }
  }
}
