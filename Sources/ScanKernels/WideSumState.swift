import StorageBase

/// SUM and AVG of decimals of more than 18 digits.
final class WideSumState: AggregateState {
  private var totals: [WideTotal] = []
  private let counts = CountState()

  func reserve(groupCount: Int) {
    totals.append(
      contentsOf: repeatElement(WideTotal(), count: max(0, groupCount - totals.count)))
    counts.reserve(groupCount: groupCount)
  }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    counts.fold(vector, selection: selection, rowCount: rowCount, group: group)
    let values = vector.values(as: Int128.self)
    if let selection {
      selection.forEachSet { totals[group].add(values[$0]) }
    } else {
      for row in 0..<rowCount { totals[group].add(values[row]) }
    }
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    counts.scatter(vector, rows: rows, groups: groups)
    let values = vector.values(as: Int128.self)
    totals.withUnsafeMutableBufferPointer { totals in
      for position in 0..<rows.count {
        totals[Int(groups[position])].add(values[Int(rows[position])])
      }
    }
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? WideSumState else { preconditionFailure("states of two kinds") }
    counts.absorb(other.counts, groups: groups)
    for (group, target) in groups.enumerated() { totals[Int(target)].add(other.totals[group]) }
  }

  func count(_ group: Int) -> Int64 { counts.count(group) }
  func total(_ group: Int) -> WideTotal { totals[group] }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    try totals[group].result(aggregate, count: counts.count(group))
  }
}
