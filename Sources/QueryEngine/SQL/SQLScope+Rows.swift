import ScanKernels
import StorageBase

/// What a statement computes of each row.
extension SQLScope {
  /// The column that holds the values of an expression: one of the table, or a derived one.
  mutating func column(_ node: SQLNode) throws -> String {
    if case .name(let name, let qualifier, let isQuoted) = node.kind {
      return try resolve(name, qualifier, isQuoted, at: node)
    }
    return try derive(function(node), at: node)
  }

  /// How the values of an expression that is no plain column are computed.
  mutating func function(_ node: SQLNode) throws -> DerivedFunction {
    switch node.kind {
    case .datePart(let part, let inner): return .datePart(part, of: try column(inner))
    case .call(let call): return try function(call, node)
    case .conditional(let branches, let otherwise):
      let bound = try branches.map {
        DerivedFunction.Branch(
          condition: try predicate($0.condition), value: try number($0.value))
      }
      return .conditional(bound, otherwise: try otherwise.map { try number($0) })
    case .arithmetic, .negate, .constant: return .number(try number(node))
    case .comparison(let a, let comparison, let b):
      let (x, y) = (try column(a), try column(b))
      guard type(of: x) == type(of: y) else {
        throw error("\(x) and \(y) are of different types", at: node)
      }
      return .comparison(x, comparison, y)
    case .name, .between, .isOneOf, .isNull, .like, .match, .not, .and, .or:
      throw error("a condition is no value; write CASE WHEN … THEN … END", at: node)
    }
  }

  private mutating func function(_ call: SQLCall, _ node: SQLNode) throws -> DerivedFunction {
    let count = call.arguments.count
    if let part = DatePart(rawValue: call.name), count == 1 {
      return .datePart(part, of: try column(call.arguments[0]))
    }
    if ["substring", "substr"].contains(call.name) {
      guard count == 2 || count == 3 else {
        throw error("\(call.name) takes a string, a start and a length", at: node)
      }
      let places = try call.arguments.dropFirst().map { argument -> Int in
        guard case .exact(let place, 0)? = try argument.folded(of: text),
          let place = Int(exactly: place), abs(place) <= 1 << 30
        else { throw error("a place in a string is a whole number", at: argument) }
        return place
      }
      if places.count == 2 && places[1] < 0 { throw error("a length below zero", at: node) }
      return .substring(
        of: try column(call.arguments[0]), start: places[0],
        length: places.count == 2 ? places[1] : nil)
    }
    if SQLAggregates.names.contains(call.name) {
      throw error("an aggregate has no place here: use HAVING for conditions on groups", at: node)
    }
    let known = SQLAggregates.names + DatePart.allCases.map(\.rawValue) + ["extract", "substring"]
    throw error(
      StorageError.unknownName(kind: "function", name: call.name, known: known).description,
      at: node)
  }

  /// A number computed of each row.
  mutating func number(_ node: SQLNode) throws -> Expression {
    if let constant = try node.folded(of: text) {
      guard let literal = constant.literal, constant.isNumber else {
        throw error("\(constant) is no number to compute with", at: node)
      }
      return .literal(literal)
    }
    switch node.kind {
    case .negate(let inner): return .literal(.integer(0)) - (try number(inner))
    case .arithmetic(let a, let sign, let b):
      let (x, y) = (try number(a), try number(b))
      switch sign {
      case .add: return x + y
      case .subtract: return x - y
      case .multiply: return x * y
      case .divide:
        throw error("rows are not divided, but aggregates are: sum(a) / sum(b)", at: node)
      }
    default:
      let name = try column(node)
      let expression = Expression.column(name)
      _ = try located(node) { try expression.bound(to: schema) }
      return expression
    }
  }
}

extension SQLScope: SQLConditionScope {
  mutating func operand(_ node: SQLNode) throws -> String { try column(node) }

  /// Two columns of one type compare as they are, other numbers by their difference.
  mutating func pair(
    _ a: SQLNode, _ comparison: Comparison, _ b: SQLNode, at node: SQLNode
  ) throws -> Predicate {
    if !a.isArithmetic && !b.isArithmetic {
      let (x, y) = (try column(a), try column(b))
      if type(of: x) == type(of: y) {
        let name = try derive(.comparison(x, comparison, y), at: node)
        return .compare(name, .equal, .boolean(true))
      }
    }
    let difference = try number(a) - number(b)
    return .compare(try derive(.number(difference), at: node), comparison, .integer(0))
  }

  func check(_ predicate: Predicate, at node: SQLNode) throws {
    _ = try located(node) { try predicate.bound(to: schema, analyzers: .standard) }
  }
}

extension SQLNode {
  fileprivate var isArithmetic: Bool {
    switch kind {
    case .arithmetic, .negate: true
    default: false
    }
  }
}
