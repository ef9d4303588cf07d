import StorageBase

extension Aggregation {
  /// One row per group: its key, then its aggregates; sorted by key, nulls first.
  /// - Throws: `StorageError.limitExceeded` when a sum does not fit 38 digits.
  public func rows() throws -> [[Value]] {
    let keyCount = keyColumns.count
    var keys: [Value] = []
    keys.reserveCapacity(groupCount * keyCount)
    encoder.appendKeys(to: &keys)
    let order = AbbreviatedKey.order(ofRowsIn: keys, width: keyCount, count: groupCount)
    return try order.map { group in
      var row: [Value] = []
      row.reserveCapacity(keyCount + aggregates.count)
      row.append(contentsOf: keys[group * keyCount..<(group + 1) * keyCount])
      for ordinal in aggregates.indices { row.append(try result(ordinal, group: group)) }
      return row
    }
  }

  /// One value of the row of a group: of its key, or of an aggregate after those.
  /// - Precondition: `group` is in `0..<groupCount`; groups are in no particular order.
  /// - Throws: `StorageError.limitExceeded` when a sum does not fit 38 digits.
  public func value(ofGroup group: Int, at position: Int) throws -> Value {
    position < keyColumns.count
      ? encoder.key(ofGroup: group, field: position)
      : try result(position - keyColumns.count, group: group)
  }

  /// The row of one group: its key, then its aggregates.
  public func row(ofGroup group: Int) throws -> [Value] {
    try (0..<keyColumns.count + aggregates.count).map { try value(ofGroup: group, at: $0) }
  }
}
