/// A word of the text of an expression.
struct ExpressionToken: Hashable {
  enum Kind: Hashable {
    /// A keyword, a function or a column.
    case word(String)
    /// A column in double quotes or back quotes.
    case quotedName(String)
    case number(String)
    case string(String)
    case symbol(String)
    case end
  }

  let kind: Kind
  /// Bytes of the text before it.
  let offset: Int

  func isWord(_ keyword: String) -> Bool {
    if case .word(let text) = kind { return text.lowercased() == keyword }
    return false
  }

  /// As messages show it.
  var shown: String {
    switch kind {
    case .word(let text), .quotedName(let text), .number(let text), .symbol(let text):
      "\"\(text)\""
    case .string(let text): "'\(text)'"
    case .end: "the end"
    }
  }
}

/// What is wrong with the text of an expression.
public struct ExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
  public let reason: String
  /// Bytes of the text before the place; nil for what concerns the whole.
  public let offset: Int?

  public var description: String {
    offset.map { "\(reason) (at character \($0 + 1))" } ?? reason
  }
}

/// Cuts the text of an expression into tokens.
struct ExpressionLexer {
  private static let pairs: Set<String> = ["<>", "!=", "<=", ">=", "||"]
  private static let singles = Set("()+-*/%,=<>".utf8)

  /// Chains of operators nest to the left, so it bounds the depth of trees.
  private static let tokenCountMax = 2000

  private let bytes: [UInt8]
  private var offset = 0

  private init(_ text: String) { bytes = Array(text.utf8) }

  /// The last token is `end`.
  static func tokens(of text: String) throws(ExpressionError) -> [ExpressionToken] {
    var lexer = ExpressionLexer(text)
    var tokens: [ExpressionToken] = []
    repeat {
      guard tokens.count < tokenCountMax else {
        throw ExpressionError(reason: "more than \(tokenCountMax) words", offset: lexer.offset)
      }
      tokens.append(try lexer.next())
    } while tokens.last?.kind != .end
    return tokens
  }

  private func byte(_ distance: Int = 0) -> UInt8 {
    offset + distance < bytes.count ? bytes[offset + distance] : 0
  }

  private mutating func next() throws(ExpressionError) -> ExpressionToken {
    while [0x20, 0x09, 0x0A, 0x0D].contains(byte()) { offset += 1 }
    let start = offset
    guard offset < bytes.count else { return ExpressionToken(kind: .end, offset: start) }
    let kind: ExpressionToken.Kind
    switch byte() {
    case UInt8(ascii: "'"): kind = .string(try quoted("text"))
    case UInt8(ascii: "\""), UInt8(ascii: "`"): kind = .quotedName(try quoted("name"))
    case let first where Self.isDigit(first) || (first == 0x2E && Self.isDigit(byte(1))):
      kind = .number(number())
    case let first where Self.isLetter(first):
      while Self.isLetter(byte()) || Self.isDigit(byte()) { offset += 1 }
      kind = .word(String(decoding: bytes[start..<offset], as: UTF8.self))
    default: kind = .symbol(try symbol())
    }
    return ExpressionToken(kind: kind, offset: start)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Everything beyond ASCII counts as a letter.
  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F || byte >= 0x80
  }

  /// What stands in quotes; the quote itself is written twice.
  private mutating func quoted(_ what: String) throws(ExpressionError) -> String {
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
    throw ExpressionError(reason: "a \(what) whose quote is never closed", offset: start)
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
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private mutating func symbol() throws(ExpressionError) -> String {
    if offset + 1 < bytes.count {
      let pair = String(decoding: bytes[offset..<offset + 2], as: UTF8.self)
      if Self.pairs.contains(pair) {
        offset += 2
        return pair
      }
    }
    guard Self.singles.contains(byte()) else {
      let character = Character(Unicode.Scalar(byte()))
      throw ExpressionError(reason: "\"\(character)\" begins nothing known", offset: offset)
    }
    offset += 1
    return String(decoding: bytes[offset - 1..<offset], as: UTF8.self)
  }
}
