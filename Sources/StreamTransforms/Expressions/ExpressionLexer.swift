import StorageBase

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
enum ExpressionLexer {
  private static let language = Lexer.Language(
    pairs: ["<>", "!=", "<=", ">=", "||"], singles: "()+-*/%,=<>", hasComments: false)

  /// Chains of operators nest to the left, so it bounds the depth of trees.
  private static let tokenCountMax = 2000

  /// The last token is `end`.
  static func tokens(of text: String) throws(ExpressionError) -> [LexicalToken] {
    let tokens: [LexicalToken]
    do throws(LexicalFault) {
      tokens = try Lexer.tokens(of: text, in: language)
    } catch {
      let reason =
        switch error.kind {
        case .unclosedComment: "a comment that is never closed"
        case .unclosedString: "a text whose quote is never closed"
        case .unclosedName: "a name whose quote is never closed"
        case .strayCharacter(let character): "\"\(character)\" begins nothing known"
        }
      throw ExpressionError(reason: reason, offset: error.offset)
    }
    guard tokens.count <= tokenCountMax else {
      throw ExpressionError(
        reason: "more than \(tokenCountMax) words", offset: tokens[tokenCountMax].offset)
    }
    return tokens
  }
}

extension LexicalToken {
  /// Bytes of the text before it.
  var offset: Int { range.lowerBound }

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
