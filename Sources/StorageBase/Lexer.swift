/// A word of a text that people write: of a statement, or of an expression.
public struct LexicalToken: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// A keyword, a function or a name; names compare without regard to case unless quoted.
    case word(String)
    /// A name in double quotes or back quotes.
    case quotedName(String)
    case number(String)
    /// A text in single quotes.
    case string(String)
    /// An operator or a bracket.
    case symbol(String)
    case end
  }

  public let kind: Kind
  /// In the UTF-8 bytes of the text.
  public let range: Range<Int>

  /// - Parameter keyword: in lower case.
  public func isWord(_ keyword: String) -> Bool {
    if case .word(let text) = kind { return text.lowercased() == keyword }
    return false
  }
}

/// Why a text cannot be cut into tokens.
public struct LexicalFault: Error, Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case unclosedComment
    /// A text that its quote does not close.
    case unclosedString(quote: Character)
    case unclosedName(quote: Character)
    /// A character that begins no token.
    case strayCharacter(Character)
  }

  public let kind: Kind
  /// Bytes of the text before it.
  public let offset: Int
}

/// Cuts texts into tokens, in the manner of SQL. Linear in the bytes.
public struct Lexer {
  /// What tells one language from another.
  public struct Language: Sendable {
    /// Symbols of two characters.
    let pairs: Set<String>
    /// Symbols of one.
    let singles: Set<UInt8>
    /// Whether `-- …` and `/* … */` are left out.
    let hasComments: Bool

    public init(pairs: Set<String>, singles: String, hasComments: Bool) {
      self.pairs = pairs
      self.singles = Set(singles.utf8)
      self.hasComments = hasComments
    }
  }

  private let bytes: [UInt8]
  private let language: Language
  private var offset = 0

  private init(_ text: String, _ language: Language) {
    bytes = Array(text.utf8)
    self.language = language
  }

  /// The last token is `end`.
  public static func tokens(
    of text: String, in language: Language
  ) throws(LexicalFault) -> [LexicalToken] {
    var lexer = Lexer(text, language)
    var tokens: [LexicalToken] = []
    repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
    return tokens
  }

  private func byte(_ distance: Int = 0) -> UInt8 {
    offset + distance < bytes.count ? bytes[offset + distance] : 0
  }

  private mutating func next() throws(LexicalFault) -> LexicalToken {
    try skipBlanks()
    let start = offset
    guard offset < bytes.count else { return LexicalToken(kind: .end, range: start..<start) }
    let kind: LexicalToken.Kind
    switch byte() {
    case UInt8(ascii: "'"): kind = .string(try quoted { .unclosedString(quote: $0) })
    case UInt8(ascii: "\""), UInt8(ascii: "`"):
      kind = .quotedName(try quoted { .unclosedName(quote: $0) })
    case let first where Self.isDigit(first) || (first == 0x2E && Self.isDigit(byte(1))):
      kind = .number(number())
    case let first where Self.isLetter(first):
      while Self.isLetter(byte()) || Self.isDigit(byte()) { offset += 1 }
      kind = .word(slice(from: start))
    default: kind = .symbol(try symbol())
    }
    return LexicalToken(kind: kind, range: start..<offset)
  }

  private mutating func skipBlanks() throws(LexicalFault) {
    while offset < bytes.count {
      if [0x20, 0x09, 0x0A, 0x0D].contains(byte()) {
        offset += 1
      } else if language.hasComments, byte() == 0x2D, byte(1) == 0x2D {
        while offset < bytes.count && byte() != 0x0A { offset += 1 }
      } else if language.hasComments, byte() == 0x2F, byte(1) == 0x2A {
        let start = offset
        offset += 2
        while !(byte() == 0x2A && byte(1) == 0x2F) {
          guard offset < bytes.count else {
            throw LexicalFault(kind: .unclosedComment, offset: start)
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
  private mutating func quoted(
    _ fault: (Character) -> LexicalFault.Kind
  ) throws(LexicalFault) -> String {
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
    throw LexicalFault(kind: fault(Character(Unicode.Scalar(quote))), offset: start)
  }

  private mutating func number() -> String {
    let start = offset
    while Self.isDigit(byte()) { offset += 1 }
    if byte() == 0x2E {
      offset += 1
      while Self.isDigit(byte()) { offset += 1 }
    }
    if byte() | 0x20 == 0x65 {
      let sign = [0x2B, 0x2D].contains(byte(1)) ? 1 : 0
      if Self.isDigit(byte(1 + sign)) {
        offset += 1 + sign
        while Self.isDigit(byte()) { offset += 1 }
      }
    }
    return slice(from: start)
  }

  private mutating func symbol() throws(LexicalFault) -> String {
    let start = offset
    if offset + 1 < bytes.count {
      let pair = String(decoding: bytes[offset..<offset + 2], as: UTF8.self)
      if language.pairs.contains(pair) {
        offset += 2
        return pair
      }
    }
    guard language.singles.contains(byte()) else {
      let character = Character(Unicode.Scalar(byte()))
      throw LexicalFault(kind: .strayCharacter(character), offset: start)
    }
    offset += 1
    return slice(from: start)
  }
}
