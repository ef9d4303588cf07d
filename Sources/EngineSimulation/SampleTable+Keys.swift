import ScanKernels
import StorageBase
import TabletEngine

// Tables with unique keys. Keys follow from the ids of rows as all else does, and most are few, so
// that loads meet each other's rows. The first rows of a load have keys of their own: nothing takes
// their place, so they tell whether a load is there.
extension SampleTable {
  /// How keys follow from ids.
  struct Keys: Sendable {
    /// Keys fall into so many shards, by their remainder; a load begins with a row of each.
    let shardCount: Int
    let sequence: (@Sendable (_ bits: UInt64) -> Int?)?
    private static let sharedCount = 28
    private static let ownStart = 1000

    func isOwn(_ id: Int) -> Bool { id % SampleTable.rowCountMax < shardCount }

    func key(_ bits: UInt64, _ id: Int) -> Int {
      guard isOwn(id) else { return Int(bits % UInt64(Self.sharedCount)) }
      let (load, ordinal) = id.quotientAndRemainder(dividingBy: SampleTable.rowCountMax)
      return Self.ownStart + load * shardCount + ordinal
    }

    func row(_ bits: UInt64, _ id: Int, allowsDeletions: Bool) -> KeyedRow {
      KeyedRow(
        id: id, key: key(bits, id), sequence: sequence.map { $0(bits) ?? Int.min } ?? 0,
        isDeletion: allowsDeletions && !isOwn(id) && (bits >> 50) % 5 == 0)
    }
  }

  /// Nil where keys are not unique.
  func keyedRow(_ id: Int, allowsDeletions: Bool) -> KeyedRow? {
    keys?.row(bits(of: id), id, allowsDeletions: allowsDeletions)
  }

  /// Whether the row stays, whatever is loaded after it.
  func stays(_ id: Int) -> Bool { keys?.isOwn(id) ?? true }

  /// By bucket, the rows of a load of which one key has one.
  func keyedRows(load: Int, rowCount: Int, allowsDeletions: Bool) -> [[KeyedRow]] {
    var buckets = [[KeyedRow]](repeating: [], count: definition.bucketCount)
    for id in Self.ids(load: load, rowCount: rowCount) {
      guard let row = keyedRow(id, allowsDeletions: allowsDeletions) else { continue }
      buckets[bucket(of: id)].append(row)
    }
    return buckets.map { KeyedRow.newest($0) }
  }

  /// Which rows of a load are deletions; nil for none.
  func deleteSigns(load: Int, rowCount: Int) -> Bitmap? {
    let signs = Bitmap(count: rowCount)
    for (index, id) in Self.ids(load: load, rowCount: rowCount).enumerated()
    where keyedRow(id, allowsDeletions: true)?.isDeletion ?? false {
      signs.set(index)
    }
    return signs.setCount == 0 ? nil : signs
  }

  /// The ids of the rows that a reader sees.
  /// - Throws: as `read`.
  func liveIDs(_ tablet: TabletSnapshot) throws -> [Int] {
    var ids: [Int] = []
    for live in try tablet.liveSegments() {
      try forEachRow(of: live.segment) { ordinal, id in
        if !(live.deleted?.contains(ordinal) ?? false) { ids.append(id) }
      }
    }
    return ids
  }
}
