import IngestDriver
import StorageBase
import TabletEngine

/// `ALTER TABLE` as MySQL and PostgreSQL write it, as far as it changes columns. A value.
struct AlterStatement {
  /// With the names of database and schema before it, where they are given.
  let table: String
  let changes: [SourceChange]

  /// - Returns: nil for a statement of another kind.
  /// - Throws: `StorageError.invalidArgument` for an `ALTER TABLE` that nobody understands.
  init?(_ text: String) throws {
    var parser = try AlterParser(text)
    guard parser.takeWord("alter"), parser.takeWord("table") else { return nil }
    _ = parser.takeWords("if", "exists")
    _ = parser.takeWord("only")
    table = try parser.tableName()
    changes = try parser.clauses()
  }
}

/// Goes through the words of a statement.
private struct AlterParser {
  private static let language = Lexer.Language(
    pairs: ["::"], singles: "(),.;=*+-/<>[]{}@#:!%&|?~^$\\", hasComments: true)
  /// What else may be altered, and is no column.
  private static let others: Set<String> = [
    "index", "key", "primary", "unique", "fulltext", "spatial", "foreign", "constraint", "check",
    "partition",
  ]

  private let text: String
  private let tokens: [LexicalToken]
  private var place = 0

  init(_ text: String) throws {
    self.text = text
    do throws(LexicalFault) {
      tokens = try Lexer.tokens(of: text, in: Self.language)
    } catch {
      throw StorageError.invalidArgument(
        name: "ddl", value: text, reason: "it cannot be read at byte \(error.offset)")
    }
  }

  private func mistake(_ expected: String) -> StorageError {
    let found = tokens[place].kind == .end ? "the end" : "'\(shown(tokens[place]))'"
    return .invalidArgument(
      name: "ddl", value: text, reason: "expected \(expected), found \(found)")
  }

  private func shown(_ token: LexicalToken) -> String {
    String(decoding: Array(text.utf8)[token.range], as: UTF8.self)
  }

  // MARK: Words

  private var isAtEnd: Bool {
    tokens[place].kind == .end || tokens[place].kind == .symbol(";")
  }

  private var word: String? {
    if case .word(let word) = tokens[place].kind { return word.lowercased() }
    return nil
  }

  mutating func takeWord(_ keyword: String) -> Bool {
    guard tokens[place].isWord(keyword) else { return false }
    place += 1
    return true
  }

  mutating func takeWords(_ first: String, _ second: String) -> Bool {
    guard tokens[place].isWord(first), tokens[place + 1].isWord(second) else { return false }
    place += 2
    return true
  }

  private mutating func take(_ symbol: String) -> Bool {
    guard tokens[place].kind == .symbol(symbol) else { return false }
    place += 1
    return true
  }

  private mutating func name() throws -> String {
    switch tokens[place].kind {
    case .word(let name), .quotedName(let name):
      place += 1
      return name
    default: throw mistake("a name")
    }
  }

  mutating func tableName() throws -> String {
    var parts = [try name()]
    while take(".") { parts.append(try name()) }
    return parts.joined(separator: ".")
  }

  // MARK: Clauses

  mutating func clauses() throws -> [SourceChange] {
    var changes: [SourceChange] = []
    repeat { changes += try clause() } while take(",")
    guard isAtEnd else { throw mistake("a comma or the end") }
    return changes
  }

  private mutating func clause() throws -> [SourceChange] {
    if takeWord("add") { return try addition() }
    if takeWord("drop") {
      if passesOver() { return [] }
      _ = takeWord("column")
      _ = takeWords("if", "exists")
      let name = try name()
      skipClause()
      return [.change(.dropColumn(name))]
    }
    if takeWord("rename") {
      if passesOver() { return [] }
      guard !tokens[place].isWord("to"), !tokens[place].isWord("as") else {
        throw mistake("RENAME COLUMN: the table of the stream keeps its name")
      }
      _ = takeWord("column")
      let name = try name()
      guard takeWord("to") else { throw mistake("TO") }
      return [.change(.renameColumn(name, to: try self.name()))]
    }
    if takeWord("change") {
      _ = takeWord("column")
      let name = try name()
      let column = try definition()
      let renaming: [SourceChange] =
        name == column.name ? [] : [.change(.renameColumn(name, to: column.name))]
      return renaming + [.redefine(column)]
    }
    if takeWord("modify") {
      _ = takeWord("column")
      return [.redefine(try definition())]
    }
    if takeWord("alter") { return try alteration() }
    // Options of the table, and its indexes, are nothing to the rows.
    skipClause()
    return []
  }

  /// Passes what is no column.
  private mutating func passesOver() -> Bool {
    guard let word, Self.others.contains(word) else { return false }
    skipClause()
    return true
  }

  /// `ADD [COLUMN] c type ...`, or several in brackets.
  private mutating func addition() throws -> [SourceChange] {
    if passesOver() { return [] }
    _ = takeWord("column")
    if takeWord("if") { place += 2 }
    guard take("(") else { return [try added()] }
    var changes: [SourceChange] = []
    repeat { changes.append(try added()) } while take(",")
    guard take(")") else { throw mistake(")") }
    return changes
  }

  private mutating func added() throws -> SourceChange {
    var previous: String?
    let column = try definition { previous = $0 }
    guard case .addColumn(let name, let type, let isNullable, let value, _) = column.addition else {
      throw mistake("a column")
    }
    return .change(
      .addColumn(
        name: name, type: type, isNullable: isNullable, defaultValue: value, after: previous))
  }

  /// `ALTER [COLUMN] c TYPE t`, `c SET DATA TYPE t`, `c DROP NOT NULL`, of PostgreSQL.
  private mutating func alteration() throws -> [SourceChange] {
    _ = takeWord("column")
    let name = try name()
    if takeWords("drop", "not") {
      skipClause()
      return [.change(.makeNullable(name))]
    }
    if takeWords("set", "data") || tokens[place].isWord("type") {
      guard takeWord("type") else { throw mistake("TYPE") }
      let type = try type()
      skipClause()
      return [.redefine(SourceColumn(name: name, type: type, isNullable: false))]
    }
    // Defaults of rows to come are in the rows.
    skipClause()
    return []
  }

  /// Passes everything up to the next comma that is in no brackets.
  private mutating func skipClause() {
    var depth = 0
    while !isAtEnd {
      if tokens[place].kind == .symbol("(") { depth += 1 }
      if tokens[place].kind == .symbol(")") {
        if depth == 0 { return }
        depth -= 1
      }
      if tokens[place].kind == .symbol(","), depth == 0 { return }
      place += 1
    }
  }

  // MARK: Columns

  /// `name type attributes`.
  private mutating func definition(
    _ onPrevious: (String) -> Void = { _ in }
  ) throws -> SourceColumn {
    let name = try name()
    let type = try type()
    var column = SourceColumn(name: name, type: type, isNullable: true)
    while !isAtEnd, tokens[place].kind != .symbol(","), tokens[place].kind != .symbol(")") {
      if takeWords("not", "null") {
        column.isNullable = false
      } else if takeWord("default") {
        column.defaultValue = try defaultValue(of: type)
      } else if takeWord("after") {
        onPrevious(try self.name())
      } else if take("(") {
        skipClause()
        _ = take(")")
      } else {
        place += 1
      }
    }
    return column
  }

  private mutating func type() throws -> DataType {
    let start = place
    guard let first = word else { throw mistake("a type") }
    place += 1
    var words = [first]
    var arguments: [Int] = []
    func takeArguments(_ parser: inout AlterParser) {
      guard parser.take("(") else { return }
      while !parser.isAtEnd, !parser.take(")") {
        if case .number(let digits) = parser.tokens[parser.place].kind, let number = Int(digits) {
          arguments.append(number)
        }
        parser.place += 1
      }
    }
    takeArguments(&self)
    while let word, ["unsigned", "varying", "precision", "zerofill"].contains(word) {
      words.append(word)
      place += 1
    }
    if arguments.isEmpty { takeArguments(&self) }
    if let type = SourceType(words: words, arguments: arguments)?.type { return type }
    place = start
    throw mistake("a type that columns can have")
  }

  /// Nil for null, and for one that is computed (`CURRENT_TIMESTAMP`).
  private mutating func defaultValue(of type: DataType) throws -> Value? {
    let sign = take("-") ? "-" : ""
    defer { place += 1 }
    switch tokens[place].kind {
    case .number(let digits): return try type.value(ofField: sign + digits)
    case .string(let text): return try type.value(ofField: text)
    case .word(let word) where ["true", "false"].contains(word.lowercased()):
      return try type.value(ofField: word.lowercased())
    default: return nil
    }
  }
}
