/// A word of a statement.
struct SQLToken: Hashable {
  enum Kind: Hashable {
    /// A keyword or a name; names compare without regard to case unless they are quoted.
    case word(String)
    case quotedName(String)
    case number(String)
    case string(String)
    /// An operator or a bracket.
    case symbol(String)
    case end
  }

  let kind: Kind
  /// In the UTF-8 bytes of the text.
  let range: Range<Int>

  func isWord(_ keyword: String) -> Bool {
    if case .word(let text) = kind { return text.lowercased() == keyword }
    return false
  }
}

/// Cuts a statement into tokens; comments (`-- …` and `/* … */`) are left out.
struct SQLLexer {
  private static let symbols: Set<String> = ["<>", "!=", "<=", ">=", "||", "::"]
  private static let singles = Set("()+-*/%,.;=<>".utf8)

  private let text: String
  private let bytes: [UInt8]
  private var offset = 0

  private init(_ text: String) {
    self.text = text
    bytes = Array(text.utf8)
  }

  /// The last token is `end`.
  /// - Throws: `SQLError` for a character that begins no token, and for what is not closed.
  static func tokens(of text: String) throws -> [SQLToken] {
    var lexer = SQLLexer(text)
    var tokens: [SQLToken] = []
    repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
    return tokens
  }

  private func byte(_ distance: Int = 0) -> UInt8 {
    offset + distance < bytes.count ? bytes[offset + distance] : 0
  }

  private mutating func next() throws -> SQLToken {
    try skipBlanks()
    let start = offset
    guard offset < bytes.count else { return SQLToken(kind: .end, range: start..<start) }
    let kind: SQLToken.Kind
    switch byte() {
    case 0x27: kind = .string(try quoted("string"))
    case 0x22, 0x60: kind = .quotedName(try quoted("name"))
    case let first where Self.isDigit(first) || (first == 0x2E && Self.isDigit(byte(1))):
      kind = .number(number())
    case let first where Self.isLetter(first):
      while Self.isLetter(byte()) || Self.isDigit(byte()) { offset += 1 }
      kind = .word(slice(from: start))
    default: kind = .symbol(try symbol())
    }
    return SQLToken(kind: kind, range: start..<offset)
  }

  private mutating func skipBlanks() throws {
    while offset < bytes.count {
      if [0x20, 0x09, 0x0A, 0x0D].contains(byte()) {
        offset += 1
      } else if byte() == 0x2D && byte(1) == 0x2D {
        while offset < bytes.count && byte() != 0x0A { offset += 1 }
      } else if byte() == 0x2F && byte(1) == 0x2A {
        let start = offset
        offset += 2
        while !(byte() == 0x2A && byte(1) == 0x2F) {
          guard offset < bytes.count else {
            throw SQLError("a comment that is not closed by */", at: start, of: text)
          }
          offset += 1
        }
        offset += 2
      } else {
        return
      }
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Everything beyond ASCII counts as a letter.
  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F || byte >= 0x80
  }

  private func slice(from start: Int) -> String {
    String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// What stands in quotes; the quote itself is written twice.
  private mutating func quoted(_ what: String) throws -> String {
    let (start, quote) = (offset, byte())
    var content: [UInt8] = []
    offset += 1
    while offset < bytes.count {
      let next = byte()
      offset += 1
      if next == quote {
        guard byte() == quote else { return String(decoding: content, as: UTF8.self) }
        offset += 1
      }
      content.append(next)
    }
    let end = Character(Unicode.Scalar(quote))
    throw SQLError("a \(what) that is not closed by \(end)", at: start, of: text)
  }

  private mutating func number() -> String {
    let start = offset
    while Self.isDigit(byte()) { offset += 1 }
    if byte() == 0x2E {
      offset += 1
      while Self.isDigit(byte()) { offset += 1 }
    }
    if byte() | 0x20 == 0x65 {
      let signed = [0x2B, 0x2D].contains(byte(1)) ? 1 : 0
      if Self.isDigit(byte(1 + signed)) {
        offset += 1 + signed
        while Self.isDigit(byte()) { offset += 1 }
      }
    }
    return slice(from: start)
  }

  private mutating func symbol() throws -> String {
    if offset + 1 < bytes.count {
      let pair = String(decoding: bytes[offset..<offset + 2], as: UTF8.self)
      if Self.symbols.contains(pair) {
        offset += 2
        return pair
      }
    }
    guard Self.singles.contains(byte()) else {
      let character = Character(Unicode.Scalar(byte()))
      throw SQLError("\"\(character)\" begins nothing of SQL", at: offset, of: text)
    }
    offset += 1
    return String(decoding: bytes[offset - 1..<offset], as: UTF8.self)
  }
}
