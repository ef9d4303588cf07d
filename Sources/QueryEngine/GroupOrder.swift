import ScanKernels
import StorageBase

/// Turns groups into result rows in order. With an order and a limit only rows that may be among
/// the first are ever made: most groups are dropped by one comparison.
struct GroupOrder {
  /// Below this many rows cutting back is not worth it.
  private static let heldRowCountMin = 256

  let terms: [(position: Int, direction: Query.Direction)]
  let limit: Int?
  /// Nil keeps every group.
  var having: HavingFilter?

  /// - Throws: `StorageError.limitExceeded` when a sum of a group that is looked at does not fit.
  func rows(of groups: Aggregation) throws -> [[Value]] {
    let order = RowOrder(terms: terms)
    if let having {
      let rows = try having.accepted(of: groups).map(groups.row(ofGroup:))
      return keyOrder(groups).sorted(rows, limit: limit)
    }
    guard let limit, let first = terms.first, limit < groups.groupCount else {
      return order.sorted(try groups.rows(), limit: limit)
    }
    if limit == 0 { return [] }
    let total = keyOrder(groups)
    let heldMax = max(Self.heldRowCountMin, 2 * limit)
    var held: [[Value]] = []
    var threshold: Value?
    for group in 0..<groups.groupCount {
      let value = try groups.value(ofGroup: group, at: first.position)
      if let threshold {
        let isAfter =
          first.direction == .ascending ? threshold.precedes(value) : value.precedes(threshold)
        if isAfter { continue }
      }
      held.append(try groups.row(ofGroup: group))
      guard held.count >= heldMax else { continue }
      held = total.sorted(held, limit: limit)
      threshold = held.last?[first.position]
    }
    return total.sorted(held, limit: limit)
  }

  /// Ties are in the order of the keys.
  private func keyOrder(_ groups: Aggregation) -> RowOrder {
    RowOrder(
      terms: terms + groups.keyColumns.indices.map { (position: $0, direction: .ascending) })
  }
}
