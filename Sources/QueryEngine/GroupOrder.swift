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
    let accepted = try having?.accepted(of: groups)
    let numbers = accepted ?? groups.groups
    guard let limit, let first = terms.first, limit < numbers.count else {
      guard let accepted else { return order.sorted(try groups.rows(), limit: limit) }
      return keyOrder(groups).sorted(try accepted.map(groups.row(ofGroup:)), limit: limit)
    }
    if limit == 0 { return [] }
    if let ranks = groups.ranks(at: first.position) {
      return try leading(limit, of: numbers, in: groups, ranks: ranks, first.direction)
    }
    let total = keyOrder(groups)
    let heldMax = max(Self.heldRowCountMin, 2 * limit)
    var held: [[Value]] = []
    var threshold: Value?
    for group in numbers {
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

  /// The same with the first order given by numbers: of most groups nothing but that is looked at.
  private func leading(
    _ limit: Int, of numbers: [Int], in groups: Aggregation, ranks: [Int64],
    _ direction: Query.Direction
  ) throws -> [[Value]] {
    let heldMax = max(Self.heldRowCountMin, 2 * limit)
    let isAscending = direction == .ascending
    // Held are groups, by numbers of which the smaller come first.
    func rank(_ group: Int) -> Int64 { isAscending ? ranks[group] : ~ranks[group] }
    var held: [Int] = []
    var threshold = Int64.max
    for group in numbers where rank(group) <= threshold {
      held.append(group)
      guard held.count >= heldMax else { continue }
      held.sort { rank($0) < rank($1) }
      threshold = rank(held[limit - 1])
      // Those that tie with the last are told apart by the other terms.
      held = held.filter { rank($0) <= threshold }
      if held.count >= heldMax {
        held = try keyOrder(groups).firstGroups(limit, of: held, in: groups)
      }
    }
    return keyOrder(groups).sorted(try held.map(groups.row(ofGroup:)), limit: limit)
  }

  /// Ties are in the order of the keys.
  private func keyOrder(_ groups: Aggregation) -> RowOrder {
    RowOrder(
      terms: terms + groups.keyColumns.indices.map { (position: $0, direction: .ascending) })
  }
}

extension RowOrder {
  /// The groups whose rows come first.
  fileprivate func firstGroups(
    _ limit: Int, of numbers: [Int], in groups: Aggregation
  ) throws -> [Int] {
    let rows = try numbers.map { (group: $0, row: try groups.row(ofGroup: $0)) }
    return rows.sorted { precedes($0.row, $1.row) }.prefix(limit).map(\.group)
  }
}
