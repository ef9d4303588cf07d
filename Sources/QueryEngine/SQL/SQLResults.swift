import ScanKernels
import StorageBase

/// What a statement computes of the columns of a `Query`: of keys and aggregates when it groups, of
/// selected columns when it does not.
struct SQLResults {
  var scope: SQLScope
  let isGrouping: Bool
  /// The columns that make a group, or those that are selected.
  private(set) var columns: [String] = []
  private(set) var aggregates = SQLAggregates()
  /// The items of the list that have been given a name, by it in lower case.
  var aliases: [String: SQLNode] = [:]
  /// The keys as they were written.
  private var keyPositions: [SQLNode: Int] = [:]

  init(scope: SQLScope, isGrouping: Bool) {
    self.scope = scope
    self.isGrouping = isGrouping
  }

  mutating func addKey(_ node: SQLNode) throws {
    if node.hasAggregate { throw scope.error("groups are not made by an aggregate", at: node) }
    let name = try scope.column(node)
    if !columns.contains(name) { columns.append(name) }
    keyPositions[node] = columns.firstIndex(of: name)
  }

  var names: [String] { columns + aggregates.named.map(\.name) }

  var types: [DataType] {
    columns.map { scope.type(of: $0) ?? .string } + aggregates.types
  }

  mutating func expression(_ node: SQLNode) throws -> ResultExpression {
    if let column = try column(node) { return .column(column) }
    if let constant = try node.folded(of: text) {
      guard constant.literal != nil else {
        throw scope.error("an interval is added to a date, it is no result", at: node)
      }
      return .constant(constant)
    }
    switch node.kind {
    case .negate(let inner): return .negate(try expression(inner))
    case .arithmetic(let a, let sign, let b):
      return .arithmetic(try expression(a), sign, try expression(b))
    default:
      throw scope.error("a condition is no result; write CASE WHEN … THEN … END", at: node)
    }
  }

  /// The position of the column of the result that an expression is; nil when it has to be computed
  /// from others.
  private mutating func column(_ node: SQLNode) throws -> Int? {
    if case .call(let call) = node.kind, SQLAggregates.names.contains(call.name) {
      guard isGrouping else { throw scope.error("an aggregate has no place here", at: node) }
      return columns.count + (try aggregates.position(of: call, node, in: &scope))
    }
    switch node.kind {
    case .constant, .comparison, .between, .isOneOf, .isNull, .like, .match, .not, .and, .or:
      return nil
    case .arithmetic, .negate:
      return keyPositions[node]
    case .name, .call, .datePart, .conditional: break
    }
    if isGrouping { return try key(node) }
    let name = try scope.column(node)
    if let position = columns.firstIndex(of: name) { return position }
    columns.append(name)
    return columns.count - 1
  }

  private mutating func key(_ node: SQLNode) throws -> Int? {
    var trial = scope
    let name = try trial.column(node)
    if let position = columns.firstIndex(of: name) { return position }
    let groups =
      columns.isEmpty
      ? "there is no GROUP BY" : "groups are made by \(columns.joined(separator: ", "))"
    throw scope.error(
      "\(name) differs within a group (\(groups)): group by it, or take an aggregate of it",
      at: node)
  }
}

/// HAVING looks at keys, aggregates, and names given to them.
extension SQLResults: SQLConditionScope {
  var text: String { scope.text }

  mutating func operand(_ node: SQLNode) throws -> String {
    var target = node
    if case .name(let name, nil, _) = node.kind, scope.type(of: name) == nil,
      let item = aliases[name.lowercased()]
    {
      target = item
    }
    guard let position = try column(target) else {
      throw scope.error(
        "HAVING compares columns of GROUP BY and aggregates with constants", at: node)
    }
    return names[position]
  }

  mutating func pair(
    _ a: SQLNode, _ comparison: Comparison, _ b: SQLNode, at node: SQLNode
  ) throws -> Predicate {
    throw scope.error("HAVING compares with constants only", at: node)
  }

  func check(_ predicate: Predicate, at node: SQLNode) throws {
    _ = try scope.located(node) {
      let results = zip(names, types).map { QueryResult.Column(name: $0, type: $1) }
      return try predicate.bound(to: HavingFilter.schema(results))
    }
  }
}
