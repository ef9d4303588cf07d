import StorageBase

// What there is of tables with unique keys.
extension Oracle {
  /// By key, the rows that a tablet may hold at a version: one of them, and none if that is a
  /// deletion. There is more than one
  ///
  /// - where clients of a group load have rows of one key, for their rows have no order, and
  /// - after a deletion and a later row with a smaller sequence: a compaction that reaches back to
  ///   the first version forgets deletions.
  func keyedRows(of table: Int, bucket: Int, at version: Version) -> [Int: Set<KeyedRow>] {
    var rows: [Int: Set<KeyedRow>] = [:]
    for entry in (histories[table]?[bucket] ?? []).prefix(Int(version.rawValue) - 1) {
      for (key, newer) in Dictionary(grouping: entry.keyedRows, by: \.key) {
        let greatest = newer.map(\.sequence).max()
        let candidates = Set(newer.filter { $0.sequence == greatest })
        rows[key] = rows[key].map { follow($0, candidates) } ?? candidates
      }
    }
    return rows
  }

  private func follow(_ older: Set<KeyedRow>, _ newer: Set<KeyedRow>) -> Set<KeyedRow> {
    var rows: Set<KeyedRow> = []
    for old in older {
      let wins = newer.allSatisfy { old.sequence > $0.sequence }
      if wins { rows.insert(old) }
      if !wins || (old.isDeletion && mayForgetDeletions) { rows.formUnion(newer) }
    }
    return rows
  }

  /// The newest rows of all tablets, by key and bucket.
  func keyedRows(of table: Int) -> [Set<KeyedRow>] {
    versions(of: table).enumerated().flatMap { bucket, version in
      keyedRows(of: table, bucket: bucket, at: version).values
    }
  }

  /// Rows that a copy of the store may have: of unique keys those that readers see, and any number
  /// of older ones.
  var storedRowCounts: ClosedRange<Int> {
    var least = 0
    var most = 0
    for table in tables {
      let all = (histories[table] ?? []).joined().reduce(0) { $0 + $1.rowCount }
      most += all
      least +=
        keyedTables.contains(table)
        ? keyedRows(of: table).count { !$0.contains(where: \.isDeletion) } : all
    }
    return least...most
  }
}
