/// Why a text is not JSON, and where.
public struct JSONFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// Bytes before the place.
  public let offset: Int
  public let expected: String

  public var description: String { "expected \(expected) at byte \(offset)" }
}

extension JSONValue {
  /// How deep values may be nested; deeper ones would be hostile.
  public static let depthMax = 64

  /// Reads one JSON value (RFC 8259), with white space around it and nothing else.
  ///
  /// Strict where readers differ: a name occurs once in an object, text is valid UTF-8, surrogates
  /// come in pairs. Whole numbers without fraction and exponent that fit are integers, all others
  /// are numbers.
  /// - Parameter allowsTwins: accepts objects that have a name twice, as some programs write them.
  /// - Throws: `JSONFault`, whatever the bytes.
  /// - Complexity: linear, but for objects of many members, whose names are compared pairwise.
  public init(
    parsing bytes: UnsafeBufferPointer<UInt8>, allowsTwins: Bool = false
  ) throws(JSONFault) {
    var reader = JSONReader(bytes: bytes, allowsTwins: allowsTwins)
    reader.skipSpace()
    self = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.place == bytes.count else { throw reader.fault("the end of the text") }
  }

  /// The same for a string.
  public init(parsing text: String, allowsTwins: Bool = false) throws(JSONFault) {
    var text = text
    let result = text.withUTF8 { bytes in
      Result { () throws(JSONFault) in try JSONValue(parsing: bytes, allowsTwins: allowsTwins) }
    }
    self = try result.get()
  }
}

private struct JSONReader {
  let bytes: UnsafeBufferPointer<UInt8>
  let allowsTwins: Bool
  var place = 0

  init(bytes: UnsafeBufferPointer<UInt8>, allowsTwins: Bool) {
    self.bytes = bytes
    self.allowsTwins = allowsTwins
  }

  func fault(_ expected: String) -> JSONFault { JSONFault(offset: place, expected: expected) }

  /// The byte at the present place; nil at the end.
  var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      place += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    place += 1
    return true
  }

  mutating func value(depth: Int) throws(JSONFault) -> JSONValue {
    guard depth < JSONValue.depthMax else {
      throw fault("at most \(JSONValue.depthMax) levels of nesting")
    }
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(
    _ word: StaticString, _ value: JSONValue
  ) throws(JSONFault) -> JSONValue {
    for index in 0..<word.utf8CodeUnitCount {
      guard take(word.utf8Start[index]) else { throw fault("\(word)") }
    }
    return value
  }

  private mutating func array(depth: Int) throws(JSONFault) -> JSONValue {
    place += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array([]) }
    while true {
      skipSpace()
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(elements) }
      guard take(UInt8(ascii: ",")) else { throw fault("a comma or the end of the array") }
    }
  }

  private mutating func object(depth: Int) throws(JSONFault) -> JSONValue {
    place += 1
    var members: [JSONValue.Member] = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object([]) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw fault("the name of a member") }
      let key = try string()
      guard allowsTwins || !members.contains(where: { $0.key == key }) else {
        throw fault("no second member \"\(key)\"")
      }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fault("a colon") }
      skipSpace()
      members.append(JSONValue.Member(key, try value(depth: depth + 1)))
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw fault("a comma or the end of the object") }
    }
  }
}

// MARK: Numbers

extension JSONReader {
  private mutating func number() throws(JSONFault) -> JSONValue {
    let start = place
    _ = take(UInt8(ascii: "-"))
    let isZero = next == UInt8(ascii: "0")
    let digitCount = skipDigits()
    guard digitCount > 0, !isZero || digitCount == 1 else {
      place = start
      throw fault("a value")
    }
    var isWhole = true
    if take(UInt8(ascii: ".")) {
      isWhole = false
      guard skipDigits() > 0 else { throw fault("a digit") }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isWhole = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard skipDigits() > 0 else { throw fault("a digit") }
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if isWhole, let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else {
      place = start
      throw fault("a number that is not too large")
    }
    return .number(number)
  }

  private mutating func skipDigits() -> Int {
    let start = place
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
    return place - start
  }
}

// MARK: Strings

extension JSONReader {
  fileprivate mutating func string() throws(JSONFault) -> String {
    place += 1
    let start = place
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      place += 1
    }
    // Most strings end here: their bytes are the text.
    var text = Array(bytes[start..<place])
    while !take(UInt8(ascii: "\"")) {
      guard let byte = next, byte >= 0x20 else { throw fault("the end of the string") }
      place += 1
      if byte == UInt8(ascii: "\\") {
        text.append(contentsOf: Array(String(try escape()).utf8))
      } else {
        text.append(byte)
      }
    }
    guard let string = String(validating: text, as: UTF8.self) else {
      place = start
      throw fault("valid UTF-8")
    }
    return string
  }

  private mutating func escape() throws(JSONFault) -> Unicode.Scalar {
    guard let byte = next else { throw fault("an escape") }
    place += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let first = try hexadecimal()
      if let scalar = Unicode.Scalar(first) { return scalar }
      guard (0xD800..<0xDC00).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u"))
      else { throw fault("a pair of surrogates") }
      let second = try hexadecimal()
      let code = 0x10000 + (first - 0xD800) << 10 + second &- 0xDC00
      guard (0xDC00..<0xE000).contains(second), let scalar = Unicode.Scalar(code) else {
        throw fault("a low surrogate")
      }
      return scalar
    default:
      place -= 1
      throw fault("one of \"\\/bfnrtu after a backslash")
    }
  }

  private mutating func hexadecimal() throws(JSONFault) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fault("a hexadecimal digit")
      }
      code = code << 4 | UInt32(digit)
      place += 1
    }
    return code
  }
}
