import StorageBase

/// The order of result rows: some positions in a list of values, each with a direction.
struct RowOrder: Sendable {
  let terms: [(position: Int, direction: Query.Direction)]

  /// Whether `a` comes strictly before `b`.
  func precedes(_ a: [Value], _ b: [Value]) -> Bool {
    for (position, direction) in terms {
      let (x, y) = (a[position], b[position])
      if x.precedes(y) { return direction == .ascending }
      if y.precedes(x) { return direction == .descending }
    }
    return false
  }

  /// The rows in order; those that tie stay as they are. Keeps at most `limit` of them.
  func sorted(_ rows: [[Value]], limit: Int?) -> [[Value]] {
    guard !terms.isEmpty else { return limit.map { Array(rows.prefix($0)) } ?? rows }
    let order = rows.indices.sorted { a, b in
      if precedes(rows[a], rows[b]) { return true }
      return precedes(rows[b], rows[a]) ? false : a < b
    }
    return order.prefix(limit ?? rows.count).map { rows[$0] }
  }
}
