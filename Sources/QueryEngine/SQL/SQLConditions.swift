import ScanKernels
import StorageBase

/// Where the names of a condition are looked up: in rows (WHERE) or in results (HAVING).
protocol SQLConditionScope {
  var text: String { get }

  /// The name that a condition calls the values of an expression by.
  mutating func operand(_ node: SQLNode) throws -> String

  /// The comparison of two expressions neither of which is constant.
  mutating func pair(
    _ a: SQLNode, _ comparison: Comparison, _ b: SQLNode, at node: SQLNode
  ) throws -> Predicate

  /// - Throws: `SQLError` when the condition does not fit the types of its columns.
  func check(_ predicate: Predicate, at node: SQLNode) throws
}

extension SQLConditionScope {
  mutating func predicate(_ node: SQLNode) throws -> Predicate {
    switch node.kind {
    case .and(let terms): return .and(try terms.map { try predicate($0) })
    case .or(let terms): return .or(try terms.map { try predicate($0) })
    case .not(let term):
      if case .isNull(let inner) = term.kind { return .isNotNull(try operand(inner)) }
      return .not(try predicate(term))
    case .isNull(let inner): return .isNull(try operand(inner))
    case .constant(.boolean(let flag)): return flag ? .and([]) : .or([])
    case .comparison(let a, let comparison, let b):
      return try compare(a, comparison, b, node)
    case .between(let value, let lower, let upper):
      guard let low = try literal(lower), let high = try literal(upper) else {
        return .and([
          try compare(value, .greaterOrEqual, lower, node),
          try compare(value, .lessOrEqual, upper, node),
        ])
      }
      let name = try operand(value)
      return try checked(.between(name, low, high), node)
    case .isOneOf(let value, let members):
      let literals = try members.map { member -> Literal in
        guard let literal = try literal(member) else {
          throw error("IN takes constants", at: member)
        }
        return literal
      }
      let name = try operand(value)
      return try checked(.isOneOf(name, literals), node)
    case .like(let value, let pattern):
      let text = try string(pattern, "LIKE")
      let name = try operand(value)
      return try checked(.like(name, text), node)
    case .match(let value, let keyword, let words):
      guard let match = WordMatch.allCases.first(where: { $0.description == keyword }) else {
        preconditionFailure("the parser takes no \(keyword)")
      }
      let text = try string(words, keyword)
      let name = try operand(value)
      return try checked(.match(name, match, text), node)
    case .name, .call:
      let name = try operand(node)
      return try checked(.compare(name, .equal, .boolean(true)), node)
    case .constant, .negate, .arithmetic, .datePart, .conditional:
      throw error("this is no condition: compare it with something", at: node)
    }
  }

  private mutating func compare(
    _ a: SQLNode, _ comparison: Comparison, _ b: SQLNode, _ node: SQLNode
  ) throws -> Predicate {
    switch (try literal(a), try literal(b)) {
    case (let x?, let y?): return try constant(x, comparison, y, node)
    case (nil, let y?):
      let name = try operand(a)
      return try checked(.compare(name, comparison, y), node)
    case (let x?, nil):
      let name = try operand(b)
      return try checked(.compare(name, comparison.mirrored, x), node)
    case (nil, nil): return try pair(a, comparison, b, at: node)
    }
  }

  private func constant(
    _ x: Literal, _ comparison: Comparison, _ y: Literal, _ node: SQLNode
  ) throws -> Predicate {
    guard case .integer(let a) = x, case .integer(let b) = y else {
      throw error("one side of a comparison is a column; of constants only integers", at: node)
    }
    let isTrue =
      switch comparison {
      case .equal: a == b
      case .notEqual: a != b
      case .less: a < b
      case .lessOrEqual: a <= b
      case .greater: a > b
      case .greaterOrEqual: a >= b
      }
    return isTrue ? .and([]) : .or([])
  }

  private func literal(_ node: SQLNode) throws -> Literal? {
    guard let constant = try node.folded(of: text) else { return nil }
    guard let literal = constant.literal else {
      throw error("an interval is added to a date, not compared", at: node)
    }
    return literal
  }

  private func string(_ node: SQLNode, _ keyword: String) throws -> String {
    guard case .string(let text)? = try node.folded(of: self.text) else {
      throw error("\(keyword) takes a string constant", at: node)
    }
    return text
  }

  private func checked(_ predicate: Predicate, _ node: SQLNode) throws -> Predicate {
    try check(predicate, at: node)
    return predicate
  }

  private func error(_ reason: String, at node: SQLNode) -> SQLError {
    SQLError(reason, at: node.range.lowerBound, of: text)
  }
}

extension Comparison {
  /// With its sides changed.
  fileprivate var mirrored: Comparison {
    switch self {
    case .equal, .notEqual: self
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    }
  }
}
