import ScanKernels

extension SQLQuery {
  /// What will be done, a step a line, from the rows up.
  public var plan: String {
    var lines: [String] = []
    for column in query.derived { lines.append("derive   \(column.name): \(column.function)") }
    if let filter = query.filter { lines.append("filter   \(filter)") }
    let orders = query.orders.map { Self.order($0.name, $0.direction) }.joined(separator: ", ")
    let names: [String]
    switch query.output {
    case .rows(let columns):
      names = columns ?? []
      lines.append("select   \(names.joined(separator: ", "))")
    case .groups(let keys, let aggregates):
      names = keys + aggregates.map(\.name)
      lines.append("group by \(keys.isEmpty ? "nothing: one row" : keys.joined(separator: ", "))")
      for named in aggregates { lines.append("compute  \(named.aggregate)") }
    }
    if let having = query.having { lines.append("having   \(having)") }
    if !orders.isEmpty { lines.append("order by \(orders)") }
    if let limit = query.limit { lines.append("limit    \(limit)") }
    for order in lateOrders {
      lines.append("sort by  \(Self.order(order.expression.text(names), order.direction))")
    }
    if offset > 0 { lines.append("offset   \(offset)") }
    if query.limit == nil, let limit { lines.append("limit    \(limit)") }
    for output in outputs {
      lines.append("return   \(output.name): \(output.expression.text(names)), \(output.type)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func order(_ name: String, _ direction: Query.Direction) -> String {
    name + (direction == .descending ? " desc" : "")
  }
}

extension ResultExpression {
  fileprivate func text(_ names: [String]) -> String {
    switch self {
    case .column(let index): names[index]
    case .constant(let constant): constant.description
    case .negate(let inner): "-(\(inner.text(names)))"
    case .arithmetic(let a, let sign, let b):
      "(\(a.text(names)) \(sign.rawValue) \(b.text(names)))"
    }
  }
}

extension ScanWork {
  /// What was counted, a line for segments, pages, rows and bytes each.
  public var report: String {
    let decoded =
      "\(columnPagesRead) pages decoded, \(bytesStored) bytes stored, \(bytesDecoded) decoded"
    let rows = "\(rowsScanned) looked at, \(rowsSelected) selected"
    guard keysLookedUp == 0 else {
      return """
        lookup by key: \(keysLookedUp) keys, \(rowsLookedUp) rows found
        columns  \(decoded)
        rows     \(rows)

        """
    }
    let indexes =
      pagesPrunedByKeys + pagesPrunedByFilters + indexLookups == 0
      ? ""
      : """
      indexes  \(indexLookups) questions, \(indexBytesRead) bytes read, \
      \(rowsSelectedByIndex) rows found; pages ruled out: \(pagesPrunedByKeys) by short keys, \
      \(pagesPrunedByFilters) by Bloom filters, \(pagesPrunedByIndex) by inverted indexes

      """
    return indexes + """
      segments \(segments), \(segmentsPruned) ruled out by zone maps
      pages    \(pages), \(pagesPruned) ruled out by zone maps, \(pagesKnown) answered by them, \
      \(pagesEmpty) without a selected row
      columns  \(decoded)
      rows     \(rows)

      """
  }
}
