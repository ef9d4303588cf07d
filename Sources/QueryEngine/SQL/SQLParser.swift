import StorageBase
import TabletEngine

/// Reads one SELECT statement by recursive descent. See `SQLStatement` for what is understood.
struct SQLParser {
  /// Expressions within expressions, so that no statement exhausts the stack.
  private static let depthMax = 200

  let text: String
  private let tokens: [LexicalToken]
  private var position = 0
  var depth = 0

  /// - Throws: `SQLError` with the place, what was expected there and what was found.
  static func select(_ text: String) throws -> SQLSelect {
    var parser = SQLParser(text: text, tokens: try SQLLexer.tokens(of: text))
    return try parser.select()
  }

  /// A condition by itself, as it stands after WHERE.
  /// - Throws: as `select`.
  static func condition(_ text: String) throws -> SQLNode {
    var parser = SQLParser(text: text, tokens: try SQLLexer.tokens(of: text))
    let node = try parser.condition()
    guard parser.next.kind == .end else { throw parser.expected("AND, OR or the end") }
    return node
  }

  private init(text: String, tokens: [LexicalToken]) {
    self.text = text
    self.tokens = tokens
  }

  var next: LexicalToken { tokens[position] }
  var following: LexicalToken { tokens[min(position + 1, tokens.count - 1)] }
  /// Where the last token that was taken ends.
  var lastEnd: Int { position == 0 ? 0 : tokens[position - 1].range.upperBound }

  mutating func advance() { position = min(position + 1, tokens.count - 1) }

  mutating func take(_ keyword: String) -> Bool {
    guard next.isWord(keyword) else { return false }
    advance()
    return true
  }

  mutating func take(symbol: String) -> Bool {
    guard next.kind == .symbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func expect(_ keyword: String) throws {
    if !take(keyword) { throw expected(keyword.uppercased()) }
  }

  mutating func expect(symbol: String, _ purpose: String = "") throws {
    if !take(symbol: symbol) { throw expected("\"\(symbol)\"\(purpose)") }
  }

  func error(_ reason: String, at token: LexicalToken? = nil) -> SQLError {
    SQLError(reason, at: (token ?? next).range.lowerBound, of: text)
  }

  func expected(_ what: String) -> SQLError {
    error("expected \(what), found \(found)\(suggestion)")
  }

  private var found: String {
    switch next.kind {
    case .end: "the end"
    case .string(let text): "the string '\(text)'"
    case .word, .quotedName, .number, .symbol:
      "\"" + String(decoding: Array(text.utf8)[next.range], as: UTF8.self) + "\""
    }
  }

  /// The keyword that the word found may have been meant to be.
  private var suggestion: String {
    guard case .word(let word) = next.kind, !Self.reserved.contains(word.lowercased()),
      let nearest = nearestName(to: word.lowercased(), in: Self.clauses), word.count > 2
    else { return "" }
    return ": did you mean \(nearest.uppercased())?"
  }

  /// Counts how deep expressions lie within each other while `body` reads one.
  mutating func nested<T>(_ body: (inout SQLParser) throws -> T) throws -> T {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthMax else {
      throw error("more than \(Self.depthMax) expressions within each other")
    }
    return try body(&self)
  }

  private static let clauses = [
    "select", "distinct", "from", "where", "group", "by", "having", "order", "limit", "offset",
    "between", "and", "or", "not", "is", "null", "in", "like", "as", "asc", "desc",
  ]
  /// Words that are no names unless they are quoted.
  static let reserved = Set(
    clauses + [
      "case", "when", "then", "else", "end", "join", "inner", "left", "right", "full", "cross",
      "natural", "on", "using", "match_any", "match_all", "match_phrase", "match_phrase_prefix",
      "union", "intersect", "except", "filter", "true", "false",
    ])
}

extension SQLParser {
  private mutating func select() throws -> SQLSelect {
    var select = SQLSelect()
    try expect("select")
    select.isDistinct = take("distinct")
    repeat { select.items.append(try item()) } while take(symbol: ",")
    try expect("from")
    (select.table, select.moment, select.tableAlias) = try table()
    if take("where") { select.filter = try condition() }
    if take("group") {
      try expect("by")
      repeat { select.groups.append(try expression()) } while take(symbol: ",")
    }
    if take("having") { select.having = try condition() }
    if take("order") {
      try expect("by")
      repeat { select.orders.append(try order()) } while take(symbol: ",")
    }
    var isLimited = false
    while next.isWord("limit") || next.isWord("offset") {
      if take("limit") {
        select.limit = try count("LIMIT")
        isLimited = true
      } else {
        advance()
        select.offset = try count("OFFSET")
      }
    }
    _ = take(symbol: ";")
    guard next.kind == .end else {
      for keyword in ["union", "intersect", "except"] where next.isWord(keyword) {
        throw error("\(keyword.uppercased()) is not supported: a statement is one SELECT")
      }
      throw expected(isLimited ? "the end" : "a further clause or the end")
    }
    return select
  }

  private mutating func item() throws -> SQLSelect.Item {
    let start = next.range.lowerBound
    if take(symbol: "*") {
      return SQLSelect.Item(node: nil, alias: nil, range: start..<lastEnd)
    }
    let node = try expression()
    let range = start..<lastEnd
    if take("as") {
      return SQLSelect.Item(node: node, alias: try name("a name after AS"), range: range)
    }
    return SQLSelect.Item(node: node, alias: optionalName(), range: range)
  }

  /// A name that may stand without AS.
  private mutating func optionalName() -> String? {
    switch next.kind {
    case .quotedName(let name):
      advance()
      return name
    case .word(let word) where !Self.reserved.contains(word.lowercased()):
      // A slip in the keyword of the next clause is no alias: `select a form t`.
      if case .word(let after) = following.kind, !Self.reserved.contains(after.lowercased()) {
        return nil
      }
      if case .quotedName = following.kind { return nil }
      advance()
      return word
    default: return nil
    }
  }

  mutating func name(_ what: String) throws -> String {
    switch next.kind {
    case .quotedName(let name):
      advance()
      return name
    case .word(let word) where !Self.reserved.contains(word.lowercased()):
      advance()
      return word
    default: throw expected(what)
    }
  }

  private mutating func table() throws -> (String, Moment?, String?) {
    if next.kind == .symbol("(") {
      throw error("a query within a query is not supported: FROM names one table")
    }
    let table = try name("the name of a table")
    let joins = ["join", "inner", "left", "right", "full", "cross", "natural"]
    func refuseJoins() throws {
      if next.kind == .symbol(",") || joins.contains(where: next.isWord) {
        throw error("joins are not supported: a query reads one table")
      }
    }
    try refuseJoins()
    let moment = try moment()
    let alias = take("as") ? try name("a name after AS") : tableAlias()
    try refuseJoins()
    return (table, moment, alias)
  }

  private mutating func tableAlias() -> String? {
    guard case .word(let word) = next.kind, !Self.reserved.contains(word.lowercased()) else {
      return nil
    }
    // An alias is followed by a clause; anything else is a slip: `from t were a = 1`.
    let ends: Set = ["where", "group", "having", "order", "limit", "offset"]
    switch following.kind {
    case .end, .symbol(";"), .symbol(","): break
    case .word(let after) where ends.contains(after.lowercased()): break
    case .word(let after) where Self.reserved.contains(after.lowercased()): break
    default: return nil
    }
    advance()
    return word
  }

  private mutating func order() throws -> SQLSelect.Order {
    let node = try expression()
    if take("desc") { return SQLSelect.Order(node: node, direction: .descending) }
    _ = take("asc")
    if next.isWord("nulls") {
      throw error("NULLS FIRST and LAST are not supported: nulls come first, with DESC last")
    }
    return SQLSelect.Order(node: node, direction: .ascending)
  }

  private mutating func count(_ clause: String) throws -> Int {
    guard case .number(let text) = next.kind, let count = Int(text) else {
      throw expected("a number of rows after \(clause)")
    }
    advance()
    return count
  }
}
