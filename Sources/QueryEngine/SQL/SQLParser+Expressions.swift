import ScanKernels
import StorageBase

extension SQLParser {
  /// Terms of one sum and factors of one product, which nest to the left.
  private static let chainMax = 200

  /// How Apache Doris searches for words.
  private static let matches = ["match_any", "match_all", "match_phrase", "match_phrase_prefix"]

  func node(_ kind: SQLNode.Kind, from start: Int) -> SQLNode {
    SQLNode(kind: kind, range: start..<lastEnd)
  }

  mutating func condition() throws -> SQLNode { try expression() }

  /// From the loosest: OR, AND, NOT, comparisons, sums, products, signs.
  mutating func expression() throws -> SQLNode {
    try nested { parser in
      let start = parser.next.range.lowerBound
      var terms = [try parser.conjunction()]
      while parser.take("or") { terms.append(try parser.conjunction()) }
      return terms.count == 1 ? terms[0] : parser.node(.or(terms), from: start)
    }
  }

  private mutating func conjunction() throws -> SQLNode {
    let start = next.range.lowerBound
    var terms = [try negation()]
    while take("and") { terms.append(try negation()) }
    return terms.count == 1 ? terms[0] : node(.and(terms), from: start)
  }

  private mutating func negation() throws -> SQLNode {
    let start = next.range.lowerBound
    guard take("not") else { return try comparison() }
    let inner = try nested { try $0.negation() }
    return node(.not(inner), from: start)
  }

  private mutating func comparison() throws -> SQLNode {
    let start = next.range.lowerBound
    let left = try sum()
    let comparisons: [(String, Comparison)] = [
      ("=", .equal), ("<>", .notEqual), ("!=", .notEqual), ("<=", .lessOrEqual), ("<", .less),
      (">=", .greaterOrEqual), (">", .greater),
    ]
    for (symbol, comparison) in comparisons where take(symbol: symbol) {
      let right = try sum()
      return node(.comparison(left, comparison, right), from: start)
    }
    if take("is") {
      let isNegated = take("not")
      try expect("null")
      let test = node(.isNull(left), from: start)
      return isNegated ? node(.not(test), from: start) : test
    }
    let isNegated = next.isWord("not")
    if isNegated { advance() }
    if let test = try test(of: left, from: start) {
      return isNegated ? node(.not(test), from: start) : test
    }
    if isNegated { throw expected("BETWEEN, IN or LIKE") }
    return left
  }

  private mutating func test(of left: SQLNode, from start: Int) throws -> SQLNode? {
    if take("between") {
      let lower = try sum()
      try expect("and")
      let upper = try sum()
      return node(.between(left, lower, upper), from: start)
    }
    if take("in") {
      try expect(symbol: "(", " before the values of IN")
      if next.isWord("select") {
        throw error("a query within a query is not supported: IN takes a list of values")
      }
      var members: [SQLNode] = []
      repeat { members.append(try sum()) } while take(symbol: ",")
      try expect(symbol: ")", " after the values of IN")
      return node(.isOneOf(left, members), from: start)
    }
    if take("like") {
      let pattern = try sum()
      return node(.like(left, pattern: pattern), from: start)
    }
    if next.isWord("ilike") { throw error("ILIKE is not supported: LIKE tells cases apart") }
    for keyword in Self.matches where take(keyword) {
      let text = try sum()
      return node(.match(left, keyword: keyword.uppercased(), text: text), from: start)
    }
    return nil
  }

  private mutating func sum() throws -> SQLNode {
    let start = next.range.lowerBound
    var left = try product()
    for _ in 0..<Self.chainMax {
      let sign: SQLNode.Operator
      if take(symbol: "+") {
        sign = .add
      } else if take(symbol: "-") {
        sign = .subtract
      } else {
        return left
      }
      let right = try product()
      left = node(.arithmetic(left, sign, right), from: start)
    }
    throw error("more than \(Self.chainMax) terms of a sum")
  }

  private mutating func product() throws -> SQLNode {
    let start = next.range.lowerBound
    var left = try signed()
    for _ in 0..<Self.chainMax {
      let sign: SQLNode.Operator
      if take(symbol: "*") {
        sign = .multiply
      } else if take(symbol: "/") {
        sign = .divide
      } else {
        return left
      }
      let right = try signed()
      left = node(.arithmetic(left, sign, right), from: start)
    }
    throw error("more than \(Self.chainMax) factors of a product")
  }

  private mutating func signed() throws -> SQLNode {
    let start = next.range.lowerBound
    if take(symbol: "+") { return try nested { try $0.signed() } }
    guard take(symbol: "-") else { return try primary() }
    let inner = try nested { try $0.signed() }
    return node(.negate(inner), from: start)
  }

  private mutating func primary() throws -> SQLNode {
    let start = next.range.lowerBound
    switch next.kind {
    case .symbol("("):
      advance()
      if next.isWord("select") {
        throw error("a query within a query is not supported: compute the value first")
      }
      let inner = try expression()
      try expect(symbol: ")")
      return SQLNode(kind: inner.kind, range: start..<lastEnd)
    case .number(let text):
      let constant = try number(text)
      advance()
      return node(.constant(constant), from: start)
    case .string(let text):
      advance()
      return node(.constant(.string(text)), from: start)
    case .quotedName: return try column(from: start)
    case .word(let word):
      if let constant = try constant(word.lowercased()) {
        return node(.constant(constant), from: start)
      }
      if take("case") { return try conditional(from: start) }
      if following.kind == .symbol("(") && !Self.reserved.contains(word.lowercased()) {
        return try call(word.lowercased(), from: start)
      }
      return try column(from: start)
    case .symbol, .end: throw expected("an expression")
    }
  }

  private mutating func column(from start: Int) throws -> SQLNode {
    var isQuoted = false
    if case .quotedName = next.kind { isQuoted = true }
    let first = try name("an expression")
    guard take(symbol: ".") else {
      return node(.name(first, qualifier: nil, isQuoted: isQuoted), from: start)
    }
    isQuoted = false
    if case .quotedName = next.kind { isQuoted = true }
    let second = try name("the name of a column after \"\(first).\"")
    return node(.name(second, qualifier: first, isQuoted: isQuoted), from: start)
  }

  private mutating func conditional(from start: Int) throws -> SQLNode {
    var branches: [SQLBranch] = []
    guard next.isWord("when") else { throw expected("WHEN: CASE takes conditions") }
    while take("when") {
      let condition = try expression()
      try expect("then")
      branches.append(SQLBranch(condition: condition, value: try expression()))
    }
    let otherwise = take("else") ? try expression() : nil
    try expect("end")
    return node(.conditional(branches, otherwise: otherwise), from: start)
  }

  private mutating func call(_ name: String, from start: Int) throws -> SQLNode {
    advance()
    advance()
    if name == "extract" { return try extract(from: start) }
    var (arguments, isDistinct, isStar): ([SQLNode], Bool, Bool) = ([], false, false)
    if take(symbol: "*") {
      isStar = true
    } else if next.kind != .symbol(")") {
      isDistinct = take("distinct")
      repeat { arguments.append(try expression()) } while take(symbol: ",")
      if ["substring", "substr"].contains(name) && take("from") {
        arguments.append(try expression())
        if take("for") { arguments.append(try expression()) }
      }
    }
    try expect(symbol: ")", " after the arguments of \(name)")
    var call = SQLCall(
      name: name, arguments: arguments, isDistinct: isDistinct, isStar: isStar)
    if take("filter") {
      try expect(symbol: "(", " after FILTER")
      try expect("where")
      call.filter = try expression()
      try expect(symbol: ")", " after the condition of FILTER")
    }
    return node(.call(call), from: start)
  }

  private mutating func extract(from start: Int) throws -> SQLNode {
    let parts = DatePart.allCases.map(\.rawValue)
    guard case .word(let word) = next.kind, let part = DatePart(rawValue: word.lowercased()) else {
      throw expected("one of \(parts.joined(separator: ", ")) in EXTRACT")
    }
    advance()
    try expect("from")
    let inner = try expression()
    try expect(symbol: ")", " after EXTRACT")
    return node(.datePart(part, inner), from: start)
  }
}
