import StorageBase

extension Aggregation {
  /// One row per group: its key, then its aggregates; sorted by key, nulls first.
  /// - Throws: `StorageError.limitExceeded` when a sum does not fit 38 digits.
  public func rows() throws -> [[Value]] {
    let keyCount = keyColumns.count
    var keys: [Value] = []
    let groups = groups
    keys.reserveCapacity(groups.count * keyCount)
    encoder.appendKeys(to: &keys)
    let order = AbbreviatedKey.order(ofRowsIn: keys, width: keyCount, count: groups.count)
    return try order.map { position in
      var row: [Value] = []
      row.reserveCapacity(keyCount + aggregates.count)
      row.append(contentsOf: keys[position * keyCount..<(position + 1) * keyCount])
      for ordinal in aggregates.indices {
        row.append(try result(ordinal, group: groups[position]))
      }
      return row
    }
  }

  /// One value of the row of a group: of its key, or of an aggregate after those.
  /// - Precondition: `group` is one of `groups`.
  /// - Throws: `StorageError.limitExceeded` when a sum does not fit 38 digits.
  public func value(ofGroup group: Int, at position: Int) throws -> Value {
    position < keyColumns.count
      ? encoder.key(ofGroup: group, field: position)
      : try result(position - keyColumns.count, group: group)
  }

  /// For each group number a number that orders like the value at a position of the groups' rows;
  /// nil where the values are not exact integers of 64 bits.
  public func ranks(at position: Int) -> [Int64]? {
    guard position >= keyColumns.count else { return nil }
    return ranks(ofAggregate: position - keyColumns.count)
  }

  /// The row of one group: its key, then its aggregates.
  public func row(ofGroup group: Int) throws -> [Value] {
    try (0..<keyColumns.count + aggregates.count).map { try value(ofGroup: group, at: $0) }
  }
}
