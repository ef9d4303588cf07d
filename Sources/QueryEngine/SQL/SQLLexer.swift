import StorageBase

/// Cuts a statement into tokens; comments (`-- …` and `/* … */`) are left out.
enum SQLLexer {
  private static let language = Lexer.Language(
    pairs: ["<>", "!=", "<=", ">=", "||", "::"], singles: "()+-*/%,.;=<>", hasComments: true)

  /// The last token is `end`.
  /// - Throws: `SQLError` for a character that begins no token, and for what is not closed.
  static func tokens(of text: String) throws -> [LexicalToken] {
    do throws(LexicalFault) {
      return try Lexer.tokens(of: text, in: language)
    } catch {
      let reason =
        switch error.kind {
        case .unclosedComment: "a comment that is not closed by */"
        case .unclosedString(let quote): "a string that is not closed by \(quote)"
        case .unclosedName(let quote): "a name that is not closed by \(quote)"
        case .strayCharacter(let character): "\"\(character)\" begins nothing of SQL"
        }
      throw SQLError(reason, at: error.offset, of: text)
    }
  }
}
