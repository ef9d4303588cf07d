import StorageBase

/// Why bytes are not JSON: what should be at a place.
struct JSONTextFault: Error {
  let place: Int
  let expected: StaticString
}

/// Walks along JSON (RFC 8259) that stands on one line, byte by byte or eight at a time. Strict:
/// what it passes is well-formed, but that strings are UTF-8 is for others to check.
///
/// It never looks for the end of its bytes: no step goes past a line feed, so there has to be one,
/// with 8 readable bytes after it. Linear, without allocation.
struct JSONScanner {
  let base: UnsafePointer<UInt8>
  var place: Int

  /// The body of a string.
  struct Text {
    let start: Int
    let end: Int
    let hasEscapes: Bool
  }

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  @inline(__always) var next: UInt8 { base[place] }

  @inline(__always) func fault(_ expected: StaticString) -> JSONTextFault {
    JSONTextFault(place: place, expected: expected)
  }

  @inline(__always) mutating func take(_ byte: UInt8) -> Bool {
    guard base[place] == byte else { return false }
    place &+= 1
    return true
  }

  /// Passes spaces, tabs and carriage returns.
  @inline(__always) mutating func skipSpace() {
    while true {
      let byte = base[place]
      guard byte <= 0x20, byte == 0x20 || byte == 0x09 || byte == 0x0D else { return }
      place &+= 1
    }
  }

  @inline(__always) static func load(_ start: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self))
  }

  /// The high bits of the bytes that are zero; above the lowest of them there may be others
  /// (Mycroft's test).
  @inline(__always) private static func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- ones) & ~word & highs
  }

  /// Passes a string, whose quote is next.
  @inline(__always) mutating func readString() throws(JSONTextFault) -> Text {
    place &+= 1
    let start = place
    var hasEscapes = false
    while true {
      let word = Self.load(base + place)
      let controls = (word &- 0x2020_2020_2020_2020) & ~word & Self.highs
      let hits =
        Self.zeroBytes(word ^ 0x2222_2222_2222_2222) | Self.zeroBytes(word ^ 0x5C5C_5C5C_5C5C_5C5C)
        | controls
      guard hits != 0 else {
        place &+= 8
        continue
      }
      place &+= hits.trailingZeroBitCount &>> 3
      let byte = base[place]
      if byte == UInt8(ascii: "\"") {
        place &+= 1
        return Text(start: start, end: place &- 1, hasEscapes: hasEscapes)
      }
      guard byte == UInt8(ascii: "\\") else { throw fault("the end of the string") }
      hasEscapes = true
      try skipEscape()
    }
  }

  private mutating func skipEscape() throws(JSONTextFault) {
    place &+= 1
    switch next {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      place &+= 1
    case UInt8(ascii: "u"):
      place &+= 1
      let code = try readHexadecimal()
      guard code & 0xF800 == 0xD800 else { return }
      guard code < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
        throw fault("a pair of surrogates")
      }
      guard try readHexadecimal() & 0xFC00 == 0xDC00 else { throw fault("a low surrogate") }
    default: throw fault("one of \"\\/bfnrtu after a backslash")
    }
  }

  private mutating func readHexadecimal() throws(JSONTextFault) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = JSONText.hexadecimalDigit(next) else { throw fault("a hexadecimal digit") }
      code = code << 4 | digit
      place &+= 1
    }
    return code
  }

  @inline(__always) private mutating func skipDigits() throws(JSONTextFault) {
    let start = place
    while base[place] &- UInt8(ascii: "0") < 10 { place &+= 1 }
    guard place > start else { throw fault("a digit") }
  }

  @inline(__always) private mutating func skipNumber() throws(JSONTextFault) {
    _ = take(UInt8(ascii: "-"))
    if take(UInt8(ascii: "0")) {
      guard next &- UInt8(ascii: "0") >= 10 else { throw fault("no digit after a leading zero") }
    } else {
      guard next &- UInt8(ascii: "0") < 10 else { throw fault("a value") }
      try skipDigits()
    }
    if take(UInt8(ascii: ".")) { try skipDigits() }
    if next | 0x20 == UInt8(ascii: "e") {
      place &+= 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try skipDigits()
    }
  }

  private mutating func skipWord(_ word: StaticString) throws(JSONTextFault) {
    for index in 0..<word.utf8CodeUnitCount {
      guard take(word.utf8Start[index]) else { throw fault(word) }
    }
  }

  /// Passes a number, `true`, `false` or `null`.
  @inline(__always) mutating func skipLiteral() throws(JSONTextFault) {
    switch next {
    case UInt8(ascii: "t"): try skipWord("true")
    case UInt8(ascii: "f"): try skipWord("false")
    case UInt8(ascii: "n"): try skipWord("null")
    default: try skipNumber()
    }
  }

  /// Passes a colon, with the space around it.
  @inline(__always) mutating func skipColon() throws(JSONTextFault) {
    skipSpace()
    guard take(UInt8(ascii: ":")) else { throw fault("a colon") }
    skipSpace()
  }

  /// Passes a value of any kind.
  /// - Parameter outer: how many objects and arrays it lies in.
  mutating func skipValue(outer: Int) throws(JSONTextFault) {
    // A bit for each open object or array: 1 for an object.
    var kinds: UInt64 = 0
    var depth = 0
    while true {
      guard outer &+ depth < JSONValue.depthMax else { throw fault("at most 64 levels of nesting") }
      switch next {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        let isObject = next == UInt8(ascii: "{")
        place &+= 1
        skipSpace()
        if take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) { break }
        kinds = kinds << 1 | (isObject ? 1 : 0)
        depth &+= 1
        if isObject { try skipName() }
        continue
      case UInt8(ascii: "\""): _ = try readString()
      default: try skipLiteral()
      }
      try leave(&kinds, &depth)
      if depth == 0 { return }
    }
  }

  /// After a value: passes the ends of what it was the last of, and then goes to the next value.
  private mutating func leave(_ kinds: inout UInt64, _ depth: inout Int) throws(JSONTextFault) {
    while depth > 0 {
      skipSpace()
      let isObject = kinds & 1 == 1
      if take(UInt8(ascii: ",")) {
        skipSpace()
        if isObject { try skipName() }
        return
      }
      guard take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
        throw fault(
          isObject ? "a comma or the end of the object" : "a comma or the end of the array")
      }
      kinds >>= 1
      depth &-= 1
    }
  }

  private mutating func skipName() throws(JSONTextFault) {
    guard next == UInt8(ascii: "\"") else { throw fault("the name of a member") }
    _ = try readString()
    try skipColon()
  }
}
