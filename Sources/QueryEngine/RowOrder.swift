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

  /// At least 1024 rows are held before the last are cut off.
  private static let heldRowCountMin = 1024

  /// The first of the rows in order; those that tie stay as they are. Of many rows and a small
  /// `count` most are never sorted.
  /// - Precondition: `count` is not negative.
  func first(_ count: Int, of rows: [[Value]]) -> [[Value]] {
    guard count < rows.count / 4 else { return sorted(rows, limit: count) }
    let heldMax = max(Self.heldRowCountMin, 2 * count)
    var held: [[Value]] = []
    var isCut = false
    for row in rows {
      if isCut, let last = held[..<count].last, !precedes(row, last) { continue }
      held.append(row)
      guard held.count >= heldMax else { continue }
      held = sorted(held, limit: count)
      isCut = true
    }
    return sorted(held, limit: count)
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
