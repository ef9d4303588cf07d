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
    /// The number of the sequence column, and what a row has in it; nil without one.
    let sequence: (column: Int, value: @Sendable (_ bits: UInt64) -> Int?)?
    /// The key columns of a key.
    let values: @Sendable (_ key: Int) -> [Value]
    /// The key of key columns.
    let key: @Sendable (_ values: [Value]) -> Int?
    private static let sharedCount = 28
    private static let ownStart = 1000

    func isOwn(_ id: Int) -> Bool { id % SampleTable.rowCountMax < shardCount }

    func key(_ bits: UInt64, _ id: Int) -> Int {
      guard isOwn(id) else { return Int(bits % UInt64(Self.sharedCount)) }
      let (load, ordinal) = id.quotientAndRemainder(dividingBy: SampleTable.rowCountMax)
      return Self.ownStart + load * shardCount + ordinal
    }

    static func isShared(_ key: Int) -> Bool { key < ownStart }

    /// Some of the keys that many loads have.
    static func someShared(_ random: inout SeededGenerator) -> [Int] {
      (0..<sharedCount).filter { _ in random.next() % 2 == 0 }
    }

    /// The row with these key columns if its key is its own; nil for one that others may have.
    /// - Throws: `SimulationFailure` for a key that nobody wrote.
    func ownID(of values: [Value]) throws -> Int? {
      guard let key = key(values), self.values(key) == values else {
        throw SimulationFailure("a key that nobody wrote: \(values)")
      }
      guard !Self.isShared(key) else { return nil }
      let (load, ordinal) = (key - Self.ownStart).quotientAndRemainder(dividingBy: shardCount)
      return load * SampleTable.rowCountMax + ordinal
    }

    func row(_ bits: UInt64, _ id: Int, isDeletion: Bool, given: Set<Int>? = nil) -> KeyedRow {
      var known: Int? = 0
      if let sequence {
        known = given?.contains(sequence.column) ?? true ? sequence.value(bits) ?? .min : nil
      }
      return KeyedRow(
        id: id, key: key(bits, id), sequence: known, isDeletion: isDeletion, given: given)
    }
  }

  /// Whether the row stays, whatever is loaded after it.
  func stays(_ id: Int) -> Bool { keys?.isOwn(id) ?? true }

  /// Whether a row is one of those that loads with deletions delete.
  func isDeletion(_ id: Int) -> Bool { !stays(id) && (bits(of: id) >> 50) % 5 == 0 }

  /// By bucket, whole rows, of one key one; nil where keys are not unique.
  func keyedVersions(ids: [Int], isDeletion: (Int) -> Bool) -> [KeyedVersion]? {
    guard let keys else { return nil }
    return rowsByBucket(ids) { keys.row(bits(of: $0), $0, isDeletion: isDeletion($0)) }
      .map { .whole(KeyedRow.newest($0)) }
  }

  func rowsByBucket(_ ids: [Int], _ row: (Int) -> KeyedRow) -> [[KeyedRow]] {
    var buckets = [[KeyedRow]](repeating: [], count: definition.bucketCount)
    for id in ids { buckets[bucket(of: id)].append(row(id)) }
    return buckets
  }

  /// Which of some rows are deletions; nil for none.
  func deleteSigns(ids: [Int]) -> Bitmap? {
    let signs = Bitmap(count: ids.count)
    for (index, id) in ids.enumerated() where isDeletion(id) { signs.set(index) }
    return signs.setCount == 0 ? nil : signs
  }
}
