import ScanKernels
import StorageBase

extension RowExpression {
  /// Reads what SQL writes in a condition or a computed column: `price * quantity`,
  /// `if(status = 'paid', amount, 0)`, `name is not null and length(name) <= 20`,
  /// `case when a > b then a else b end`, `cast(x as decimal(18,2))`, `a || '-' || b`,
  /// `x in (1, 2)`, `x between 1 and 5`, `city like 'B%'`. Keywords and functions are found in any
  /// case; a column that is called like one stands in double quotes.
  /// - Throws: `ExpressionError` for what is not understood.
  public init(parsing text: String) throws(ExpressionError) {
    var parser = ExpressionParser(try ExpressionLexer.tokens(of: text))
    self = try parser.whole()
  }
}

/// Recursive descent, from OR to what binds tightest.
struct ExpressionParser {
  /// Nested brackets and signs, so that a hostile text cannot exhaust the stack.
  private static let depthMax = 64
  static let reserved: Set = [
    "and", "or", "not", "is", "null", "in", "like", "between", "case", "when", "then", "else",
    "end", "true", "false", "as",
  ]

  private let tokens: [LexicalToken]
  private var position = 0
  private var depth = 0

  init(_ tokens: [LexicalToken]) { self.tokens = tokens }

  var next: LexicalToken { tokens[position] }
  private var following: LexicalToken { tokens[min(position + 1, tokens.count - 1)] }

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

  func expected(_ what: String) -> ExpressionError {
    ExpressionError(reason: "expected \(what), found \(next.shown)", offset: next.offset)
  }

  mutating func require(symbol: String) throws(ExpressionError) {
    if !take(symbol: symbol) { throw expected("\"\(symbol)\"") }
  }

  mutating func require(_ keyword: String) throws(ExpressionError) {
    if !take(keyword) { throw expected(keyword.uppercased()) }
  }

  mutating func whole() throws(ExpressionError) -> RowExpression {
    let expression = try disjunction()
    guard next.kind == .end else { throw expected("an operator or the end") }
    return expression
  }

  private mutating func nest() throws(ExpressionError) {
    depth += 1
    if depth > Self.depthMax {
      throw ExpressionError(reason: "nested deeper than \(Self.depthMax)", offset: next.offset)
    }
  }

  mutating func disjunction() throws(ExpressionError) -> RowExpression {
    try nest()
    defer { depth -= 1 }
    var terms = [try conjunction()]
    while take("or") { terms.append(try conjunction()) }
    return terms.count == 1 ? terms[0] : .or(terms)
  }

  private mutating func conjunction() throws(ExpressionError) -> RowExpression {
    var terms = [try negation()]
    while take("and") { terms.append(try negation()) }
    return terms.count == 1 ? terms[0] : .and(terms)
  }

  private mutating func negation() throws(ExpressionError) -> RowExpression {
    guard take("not") else { return try comparison() }
    try nest()
    defer { depth -= 1 }
    return .not(try negation())
  }

  private static let comparisons: [(String, Comparison)] = [
    ("=", .equal), ("<>", .notEqual), ("!=", .notEqual), ("<=", .lessOrEqual), ("<", .less),
    (">=", .greaterOrEqual), (">", .greater),
  ]

  private mutating func comparison() throws(ExpressionError) -> RowExpression {
    let left = try sum()
    for (symbol, comparison) in Self.comparisons where take(symbol: symbol) {
      return .compare(comparison, left, try sum())
    }
    if take("is") {
      let isNegated = take("not")
      try require("null")
      return isNegated ? .not(.isNull(left)) : .isNull(left)
    }
    let isNegated = take("not")
    guard let test = try test(of: left) else {
      if isNegated { throw expected("IN, LIKE or BETWEEN") }
      return left
    }
    return isNegated ? .not(test) : test
  }

  private mutating func test(of left: RowExpression) throws(ExpressionError) -> RowExpression? {
    if take("between") {
      let lower = try sum()
      try require("and")
      let upper = try sum()
      return .and([.compare(.greaterOrEqual, left, lower), .compare(.lessOrEqual, left, upper)])
    }
    if take("in") {
      try require(symbol: "(")
      var members: [Literal] = []
      repeat { members.append(try constant()) } while take(symbol: ",")
      try require(symbol: ")")
      return .isOneOf(left, members)
    }
    if take("like") {
      guard case .string(let pattern) = next.kind else { throw expected("a pattern in quotes") }
      advance()
      return .like(left, pattern)
    }
    return nil
  }

  private mutating func constant() throws(ExpressionError) -> Literal {
    let place = next.offset
    if case .literal(let literal) = try signed() { return literal }
    throw ExpressionError(reason: "IN takes constants", offset: place)
  }

  private mutating func sum() throws(ExpressionError) -> RowExpression {
    var left = try product()
    while true {
      if take(symbol: "+") {
        left = .arithmetic(.add, left, try product())
      } else if take(symbol: "-") {
        left = .arithmetic(.subtract, left, try product())
      } else if take(symbol: "||") {
        left = .call(.concat, [left, try product()])
      } else {
        return left
      }
    }
  }

  private mutating func product() throws(ExpressionError) -> RowExpression {
    var left = try signed()
    while true {
      if take(symbol: "*") {
        left = .arithmetic(.multiply, left, try signed())
      } else if take(symbol: "/") {
        left = .arithmetic(.divide, left, try signed())
      } else if take(symbol: "%") {
        left = .arithmetic(.remainder, left, try signed())
      } else {
        return left
      }
    }
  }

  private mutating func signed() throws(ExpressionError) -> RowExpression {
    guard take(symbol: "-") else { return try primary() }
    try nest()
    defer { depth -= 1 }
    let inner = try signed()
    switch inner {
    case .literal(.integer(let integer)): return .literal(.integer(-integer))
    case .literal(.decimal(let unscaled, let scale)):
      return .literal(.decimal(unscaled: -unscaled, scale: scale))
    case .literal(.floating(let number)): return .literal(.floating(-number))
    default: return .negate(inner)
    }
  }

  private mutating func primary() throws(ExpressionError) -> RowExpression {
    let token = next
    switch token.kind {
    case .symbol("("):
      advance()
      let inner = try disjunction()
      try require(symbol: ")")
      return inner
    case .number(let text):
      let literal = try number(text)
      advance()
      return .literal(literal)
    case .string(let text):
      advance()
      return .literal(.string(text))
    case .quotedName(let name):
      advance()
      return .column(name)
    case .word(let word):
      if take("true") { return .literal(.boolean(true)) }
      if take("false") { return .literal(.boolean(false)) }
      if take("null") { return .literal(.null) }
      if take("case") { return try conditional() }
      if following.kind == .symbol("(") { return try call(word.lowercased()) }
      if Self.reserved.contains(word.lowercased()) { throw expected("a value") }
      advance()
      return .column(word)
    case .symbol, .end: throw expected("a value")
    }
  }

  private func number(_ text: String) throws(ExpressionError) -> Literal {
    if text.contains(where: { $0 == "e" || $0 == "E" }) {
      if let number = Double(text), number.isFinite { return .floating(number) }
    } else {
      let halves = text.split(separator: ".", omittingEmptySubsequences: false)
      let fraction = halves.count == 2 ? halves[1] : ""
      if fraction.utf8.count <= 38, let digits = Int128(halves[0] + fraction) {
        return fraction.isEmpty
          ? .integer(digits) : .decimal(unscaled: digits, scale: fraction.utf8.count)
      }
    }
    throw ExpressionError(reason: "\(text) is no number of 38 digits", offset: next.offset)
  }

  private mutating func conditional() throws(ExpressionError) -> RowExpression {
    var branches: [(RowExpression, RowExpression)] = []
    while take("when") {
      let condition = try disjunction()
      try require("then")
      branches.append((condition, try disjunction()))
    }
    if branches.isEmpty { throw expected("WHEN") }
    let otherwise: RowExpression = take("else") ? try disjunction() : .literal(.null)
    try require("end")
    return branches.reversed().reduce(otherwise) { .call(.if, [$1.0, $1.1, $0]) }
  }

  private mutating func call(_ name: String) throws(ExpressionError) -> RowExpression {
    let place = next
    advance()
    advance()
    if name == "cast" { return try cast() }
    guard let function = RowExpression.Function(rawValue: name) else {
      let known = RowExpression.Function.allCases.map(\.rawValue) + ["cast"]
      let remedy =
        nearestName(to: name, in: known).map { "did you mean \($0)?" }
        ?? "known: \(known.joined(separator: ", "))"
      throw ExpressionError(reason: "unknown function \(name); \(remedy)", offset: place.offset)
    }
    var arguments: [RowExpression] = []
    if next.kind != .symbol(")") {
      repeat { arguments.append(try disjunction()) } while take(symbol: ",")
    }
    try require(symbol: ")")
    return .call(function, arguments)
  }

  /// `value AS type)`; the type may have digits in brackets.
  private mutating func cast() throws(ExpressionError) -> RowExpression {
    let inner = try disjunction()
    try require("as")
    let place = next.offset
    guard case .word(var name) = next.kind else { throw expected("a type") }
    advance()
    if take(symbol: "(") {
      name += "("
      while next.kind != .symbol(")"), next.kind != .end {
        if case .number(let digits) = next.kind { name += digits }
        if next.kind == .symbol(",") { name += "," }
        advance()
      }
      try require(symbol: ")")
      name += ")"
    }
    try require(symbol: ")")
    guard let type = DataType(name) else {
      throw ExpressionError(reason: "unknown type \(name)", offset: place)
    }
    return .cast(inner, type)
  }
}
