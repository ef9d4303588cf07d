import StorageBase

extension Predicate {
  /// Fits the predicate to a schema.
  ///
  /// - Parameters:
  ///   - table: the name that errors show.
  ///   - analyzers: cut the texts of columns that are searched for words.
  /// - Throws: `StorageError.unknownName` for a column that is not in the schema,
  ///   `StorageError.schemaMismatch` for a constant that does not compare with its column, and
  ///   `StorageError.invalidArgument` for words of a column without an analyzer.
  public func bound(
    to schema: Schema, table: String = "queried", analyzers: TextAnalyzers = TextAnalyzers()
  ) throws -> BoundPredicate {
    var binder = PredicateBinder(schema: schema, table: table, analyzers: analyzers)
    let root = try binder.node(self, isNegated: false)
    return BoundPredicate(
      root: root, types: schema.columns.map(\.type), stringTestCount: binder.stringTestCount)
  }
}

/// Turns a predicate into the nodes of a `BoundPredicate`: pushes NOT down, folds constants, and
/// merges the ranges that one AND or OR puts on one column.
struct PredicateBinder {
  private typealias Node = BoundPredicate.Node

  let schema: Schema
  let table: String
  let analyzers: TextAnalyzers
  private(set) var stringTestCount = 0

  init(schema: Schema, table: String, analyzers: TextAnalyzers) {
    self.schema = schema
    self.table = table
    self.analyzers = analyzers
  }

  mutating func node(_ predicate: Predicate, isNegated: Bool) throws -> BoundPredicate.Node {
    switch predicate {
    case .not(let term):
      return try node(term, isNegated: !isNegated)
    case .and(let terms):
      let nodes = try terms.map { try node($0, isNegated: isNegated) }
      return isNegated ? disjunction(nodes) : conjunction(nodes)
    case .or(let terms):
      let nodes = try terms.map { try node($0, isNegated: isNegated) }
      return isNegated ? conjunction(nodes) : disjunction(nodes)
    case .isNull(let name):
      let column = try schema.requireIndex(of: name)
      return isNegated ? .isNotNull(column: column) : .isNull(column: column)
    case .isNotNull(let name):
      let column = try schema.requireIndex(of: name)
      return isNegated ? .isNull(column: column) : .isNotNull(column: column)
    case .between(let name, let lower, let upper):
      let both: Predicate = .and([
        .compare(name, .greaterOrEqual, lower), .compare(name, .lessOrEqual, upper),
      ])
      return try node(both, isNegated: isNegated)
    case .compare(let name, let comparison, let literal):
      let column = try schema.requireIndex(of: name)
      // A comparison with null is unknown, and so is its negation.
      if literal.isNull { return .constant(false) }
      return schema.columns[column].type == .string
        ? test(column, try stringTest(column, comparison, literal), isNegated)
        : test(column, try ranges(column, comparison, literal), isNegated)
    case .isOneOf(let name, let literals):
      return try membership(schema.requireIndex(of: name), literals, isNegated)
    case .like(let name, let pattern):
      let column = try textColumn(name, .string(pattern))
      return test(column, LikePattern(pattern).test, isNegated)
    case .match(let name, let match, let text):
      let column = try textColumn(name, .string(text))
      guard let analyzer = analyzers[schema.columns[column].id] else {
        throw StorageError.invalidArgument(
          name: "\(match)", value: name, reason: "there is nothing that cuts its texts into words")
      }
      stringTestCount += 1
      let test = WordTest(match: match, text: text, analyzer: analyzer, isNegated: isNegated)
      return .words(column: column, test, test: stringTestCount - 1)
    }
  }

  private func textColumn(_ name: String, _ text: Literal) throws -> Int {
    let column = try schema.requireIndex(of: name)
    guard schema.columns[column].type == .string else { throw mismatch(column, text) }
    return column
  }

  private mutating func membership(
    _ column: Int, _ literals: [Literal], _ isNegated: Bool
  ) throws -> Node {
    let known = literals.filter { !$0.isNull }
    let type = schema.columns[column].type
    let result: Node
    if let domain = ValueRank.domain(of: type) {
      let ranges = try known.flatMap { try self.ranges(column, .equal, $0).ranges }
      result = test(column, RankRanges(ranges, domain: domain), isNegated)
    } else {
      let strings = try known.map { try string(column, $0) }
      result = test(column, .members(strings), isNegated)
    }
    // With a null in the list, whatever matches no other member is unknown: NOT IN is never true.
    // An empty list is false even for null.
    if isNegated && known.count < literals.count { return .constant(false) }
    if literals.isEmpty { return .constant(isNegated) }
    return result
  }

  private func ranges(
    _ column: Int, _ comparison: Comparison, _ literal: Literal
  ) throws -> RankRanges {
    let type = schema.columns[column].type
    guard let domain = ValueRank.domain(of: type),
      let position = RankPosition(literal, type: type)
    else { throw mismatch(column, literal) }
    return position.ranges(comparison, in: domain)
  }

  private func string(_ column: Int, _ literal: Literal) throws -> String {
    switch literal {
    case .string(let text), .stored(.string(let text)): return text
    default: throw mismatch(column, literal)
    }
  }

  private func stringTest(
    _ column: Int, _ comparison: Comparison, _ literal: Literal
  ) throws -> StringTest {
    let text = try string(column, literal)
    let bytes = Array(text.utf8)
    func bound(_ isInclusive: Bool) -> StringTest.Bound {
      StringTest.Bound(bytes: bytes, isInclusive: isInclusive)
    }
    switch comparison {
    case .equal: return .members([text])
    case .notEqual: return .members([text]).negated
    case .less: return StringTest(.range(lower: nil, upper: bound(false)))
    case .lessOrEqual: return StringTest(.range(lower: nil, upper: bound(true)))
    case .greater: return StringTest(.range(lower: bound(false), upper: nil))
    case .greaterOrEqual: return StringTest(.range(lower: bound(true), upper: nil))
    }
  }

  private func mismatch(_ column: Int, _ literal: Literal) -> StorageError {
    let column = schema.columns[column]
    return .schemaMismatch(
      table: table, column: column.name, expected: "a constant to compare with \(column.type)",
      found: literal.description)
  }

  private func test(_ column: Int, _ ranges: RankRanges, _ isNegated: Bool) -> Node {
    let accepted = isNegated ? ranges.complement : ranges
    if accepted.isEmpty { return .constant(false) }
    return accepted.isAll ? .isNotNull(column: column) : .ranks(column: column, accepted)
  }

  private mutating func test(_ column: Int, _ test: StringTest, _ isNegated: Bool) -> Node {
    if case .range(nil, nil) = test.shape {
      return test.isNegated == isNegated ? .isNotNull(column: column) : .constant(false)
    }
    stringTestCount += 1
    return .strings(
      column: column, isNegated ? test.negated : test, test: stringTestCount - 1)
  }
}

extension PredicateBinder {
  private func conjunction(_ nodes: [Node]) -> Node {
    var terms: [Node] = []
    var ranges: [Int: RankRanges] = [:]
    for node in nodes {
      switch node {
      case .constant(false): return node
      case .constant(true): break
      case .and(let inner): terms.append(contentsOf: inner)
      default: terms.append(node)
      }
    }
    for case .ranks(let column, let accepted) in terms {
      ranges[column] = ranges[column]?.intersection(accepted) ?? accepted
    }
    if ranges.values.contains(where: \.isEmpty) { return .constant(false) }
    return Self.merged(terms, ranges, empty: true) { .and($0) }
  }

  private func disjunction(_ nodes: [Node]) -> Node {
    var terms: [Node] = []
    var ranges: [Int: RankRanges] = [:]
    for node in nodes {
      switch node {
      case .constant(true): return node
      case .constant(false): break
      case .or(let inner): terms.append(contentsOf: inner)
      default: terms.append(node)
      }
    }
    for case .ranks(let column, let accepted) in terms {
      ranges[column] = ranges[column]?.union(accepted) ?? accepted
    }
    return Self.merged(terms, ranges, empty: false) { .or($0) }
  }

  /// The terms with those on ranks replaced by one per column, cheap ones first: an evaluator stops
  /// at the first that leaves no row, and then never reads the columns of the others.
  private static func merged(
    _ terms: [Node], _ ranges: [Int: RankRanges], empty: Bool, combine: ([Node]) -> Node
  ) -> Node {
    var result: [Node] = ranges.sorted { $0.key < $1.key }.map { column, accepted in
      accepted.isAll ? .isNotNull(column: column) : .ranks(column: column, accepted)
    }
    for term in terms {
      switch term {
      case .ranks, .words: continue
      default: result.append(term)
      }
    }
    for case .words(let column, let words, let ordinal) in terms {
      result.append(.words(column: column, words, test: ordinal))
    }
    if result.isEmpty { return .constant(empty) }
    return result.count == 1 ? result[0] : combine(result)
  }
}
