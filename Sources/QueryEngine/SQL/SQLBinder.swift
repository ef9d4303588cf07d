import ScanKernels
import StorageBase

/// Turns a statement into a `Query` and what is left to do with its result.
struct SQLBinder {
  private let text: String
  private let select: SQLSelect
  private let schema: Schema
  private var results: SQLResults

  init(_ statement: SQLStatement, _ schema: Schema) {
    text = statement.text
    select = statement.select
    self.schema = schema
    let hasAggregates =
      select.items.contains { $0.node?.hasAggregate ?? false }
      || select.orders.contains { $0.node.hasAggregate } || select.having != nil
    results = SQLResults(
      scope: SQLScope(text: text, select: select, table: schema),
      isGrouping: hasAggregates || !select.groups.isEmpty || select.isDistinct)
  }

  consuming func query() throws -> SQLQuery {
    var binder = self
    return try binder.bind()
  }

  private mutating func bind() throws -> SQLQuery {
    let items = try expandedItems()
    for item in items {
      if let alias = item.alias { results.aliases[alias.lowercased()] = item.node }
    }
    let filter = try select.filter.map { node in
      if node.hasAggregate {
        throw results.scope.error("WHERE is about rows: put aggregates into HAVING", at: node)
      }
      return try results.scope.predicate(node)
    }
    try bindGroups(items)
    var outputs = try items.map { item in
      SQLQuery.Output(name: item.name, expression: try results.expression(item.node))
    }
    let having = try select.having.map { try results.predicate($0) }
    let orders = try select.orders.map { order in
      SQLQuery.Order(
        expression: try self.order(order.node, items, outputs), direction: order.direction)
    }
    let types = results.types
    for (index, item) in items.enumerated() {
      guard let type = outputs[index].expression.type(types) else {
        throw results.scope.error("only numbers can be computed with", at: item.node)
      }
      outputs[index].type = type
    }
    for (order, node) in zip(orders, select.orders) where order.expression.type(types) == nil {
      throw results.scope.error("only numbers can be computed with", at: node.node)
    }
    return SQLQuery(
      base: base(filter, having), columns: results.names, types: types, outputs: outputs,
      orders: orders, limit: select.limit, offset: select.offset)
  }

  private struct Item {
    let node: SQLNode
    let name: String
    let alias: String?
  }

  private func expandedItems() throws -> [Item] {
    try select.items.flatMap { item -> [Item] in
      guard let node = item.node else {
        guard !results.isGrouping || select.isDistinct else {
          throw SQLError(
            "* has no place beside aggregates and GROUP BY", at: item.range.lowerBound, of: text)
        }
        return schema.columns.map { column in
          let kind = SQLNode.Kind.name(column.name, qualifier: nil, isQuoted: true)
          return Item(
            node: SQLNode(kind: kind, range: item.range), name: column.name, alias: nil)
        }
      }
      let written = String(decoding: Array(text.utf8)[item.range], as: UTF8.self)
      return [Item(node: node, name: item.alias ?? plainName(node) ?? written, alias: item.alias)]
    }
  }

  private func plainName(_ node: SQLNode) -> String? {
    guard case .name(let name, _, _) = node.kind else { return nil }
    return name
  }

  private mutating func bindGroups(_ items: [Item]) throws {
    for group in select.groups { try results.addKey(try target(group, items)) }
    guard select.isDistinct else { return }
    guard select.groups.isEmpty, !items.contains(where: { $0.node.hasAggregate }) else {
      throw SQLError("DISTINCT has no place beside aggregates and GROUP BY", at: 0, of: text)
    }
    for item in items { try results.addKey(item.node) }
  }

  /// What an element of GROUP BY means: an item by ordinal, a column, else an item by name.
  private func target(_ node: SQLNode, _ items: [Item]) throws -> SQLNode {
    if let position = try ordinal(node, items) { return items[position].node }
    if case .name(let name, nil, _) = node.kind,
      !schema.columns.contains(where: { $0.name.lowercased() == name.lowercased() }),
      let item = results.aliases[name.lowercased()]
    {
      return item
    }
    return node
  }

  private func ordinal(_ node: SQLNode, _ items: [Item]) throws -> Int? {
    guard case .constant(let constant) = node.kind else { return nil }
    guard case .exact(let ordinal, 0) = constant, (1...Int128(items.count)).contains(ordinal) else {
      throw results.scope.error(
        "\(constant) is not the number of an item: there are \(items.count)", at: node)
    }
    return Int(ordinal) - 1
  }

  /// An item by ordinal or by name, else an expression.
  private mutating func order(
    _ node: SQLNode, _ items: [Item], _ outputs: [SQLQuery.Output]
  ) throws -> ResultExpression {
    if let position = try ordinal(node, items) { return outputs[position].expression }
    if case .name(let name, nil, _) = node.kind,
      let position = items.firstIndex(where: { $0.alias?.lowercased() == name.lowercased() })
    {
      return outputs[position].expression
    }
    return try results.expression(node)
  }

  private func base(_ filter: Predicate?, _ having: Predicate?) -> Query {
    var query: Query
    if results.isGrouping {
      query = .grouping(by: results.columns)
      for named in results.aggregates.named {
        query = query.computing(named.aggregate, as: named.name)
      }
    } else {
      query = .selecting(results.columns)
    }
    for column in results.scope.derived { query = query.deriving(column.name, column.function) }
    if let filter { query = query.filtered(by: filter) }
    if let having { query = query.having(having) }
    return query
  }
}
