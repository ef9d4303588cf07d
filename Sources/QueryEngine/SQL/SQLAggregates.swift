import ScanKernels
import StorageBase

/// The aggregates of a statement, each once.
struct SQLAggregates {
  static let names = [
    "count", "sum", "min", "max", "avg", "ndv", "approx_count_distinct",
  ]

  private(set) var named: [Query.NamedAggregate] = []
  private(set) var types: [DataType] = []

  /// The position of the aggregate that a call asks for.
  mutating func position(
    of call: SQLCall, _ node: SQLNode, in scope: inout SQLScope
  ) throws -> Int {
    var aggregate = try Self.aggregate(call, node, &scope)
    if let filter = call.filter { aggregate = aggregate.filtered(by: try scope.predicate(filter)) }
    if let known = named.firstIndex(where: { $0.aggregate == aggregate }) { return known }
    let bound = try scope.located(node) {
      try aggregate.bound(to: scope.schema, analyzers: .standard)
    }
    var name = aggregate.description
    let taken = Set(scope.schema.columns.map(\.name) + named.map(\.name))
    if name.utf8.count > SQLScope.nameByteCountMax || taken.contains(name) {
      name = "aggregate \(named.count + 1)"
    }
    named.append(Query.NamedAggregate(name: name, aggregate: aggregate))
    types.append(bound.resultType)
    return named.count - 1
  }

  private static func aggregate(
    _ call: SQLCall, _ node: SQLNode, _ scope: inout SQLScope
  ) throws -> Aggregate {
    if call.isStar {
      guard call.name == "count" else {
        throw scope.error("\(call.name)(*) means nothing; count(*) does", at: node)
      }
      return .countAll
    }
    guard call.arguments.count == 1, let argument = call.arguments.first else {
      throw scope.error("\(call.name) takes one argument", at: node)
    }
    if call.isDistinct && call.name != "count" && !["min", "max"].contains(call.name) {
      throw scope.error("DISTINCT is supported in COUNT only", at: node)
    }
    switch call.name {
    case "count" where !call.isDistinct:
      if case .constant(let constant) = argument.kind, constant != .null { return .countAll }
      return .count(try scope.column(argument))
    case "count": return .countDistinct(try scope.column(argument))
    case "ndv", "approx_count_distinct":
      return .approximateCountDistinct(try scope.column(argument))
    default: return try figure(call.name, argument, &scope)
    }
  }

  private static func figure(
    _ name: String, _ argument: SQLNode, _ scope: inout SQLScope
  ) throws -> Aggregate {
    switch argument.kind {
    case .arithmetic, .negate, .constant:
      let value = try scope.number(argument)
      switch name {
      case "sum": return .sum(of: value)
      case "min": return .min(of: value)
      case "max": return .max(of: value)
      default: return .average(of: value)
      }
    default:
      let column = try scope.column(argument)
      switch name {
      case "sum": return .sum(column)
      case "min": return .min(column)
      case "max": return .max(column)
      default: return .average(column)
      }
    }
  }
}

extension SQLNode {
  /// Whether it has a call of an aggregate somewhere.
  var hasAggregate: Bool {
    if case .call(let call) = kind, SQLAggregates.names.contains(call.name) { return true }
    return children.contains(where: \.hasAggregate)
  }
}
