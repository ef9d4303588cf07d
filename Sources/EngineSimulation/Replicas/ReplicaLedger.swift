import StorageBase

/// What a replica shows after each of its loads: a tablet is a function of the loads it has had.
struct ReplicaLedger {
  /// After some loads, by bucket.
  struct Moment {
    var versions: [Version]
    var digests: [Digest]
  }

  let table: ReplicaTable
  /// By the number of loads.
  private(set) var moments: [Moment]
  /// Which loads these are, in their order.
  private(set) var loads: [Int] = []
  /// By bucket and key, of unique keys.
  private var newest: [[Int: ReplicaTable.Row]]

  init(_ table: ReplicaTable) {
    self.table = table
    let count = table.definition.bucketCount
    newest = Array(repeating: [:], count: count)
    moments = [
      Moment(
        versions: Array(repeating: .initial, count: count),
        digests: Array(repeating: Digest(), count: count))
    ]
  }

  /// How many loads there are.
  var loadCount: Int { moments.count - 1 }

  /// One load more, after all others.
  mutating func add(load: Int) {
    var next = moments[loadCount]
    let rows = table.rows(ofLoad: load)
    loads.append(load)
    for bucket in Set(rows.map { table.bucket(of: $0) }) {
      next.versions[bucket] = next.versions[bucket].next
    }
    for row in rows {
      let bucket = table.bucket(of: row)
      if table.keys == .duplicate {
        next.digests[bucket].add(hash: row.hash)
        continue
      }
      if table.keys == .sequenced, let known = newest[bucket][row.key], known.moment > row.moment {
        continue
      }
      newest[bucket][row.key] = row.isDeletion ? nil : row
    }
    if table.keys != .duplicate {
      for bucket in newest.indices {
        var digest = Digest()
        for row in newest[bucket].values { digest.add(hash: row.hash) }
        next.digests[bucket] = digest
      }
    }
    moments.append(next)
  }

  /// After how many loads the tablets have these versions; nil for never.
  func loadCount(with versions: [Version]) -> Int? {
    moments.firstIndex { $0.versions == versions }
  }
}
