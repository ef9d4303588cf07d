import StorageBase

/// What counts the distinct values of every group: a set, or sketches. Values come in batches, as
/// 64-bit words, equal for equal values. Not thread-safe.
protocol DistinctSink {
  /// - Parameters:
  ///   - isGrouped: false when there is no group but 0.
  ///   - areBytes: whether all words come from `name`.
  init(isGrouped: Bool, areBytes: Bool)

  /// Makes room for groups `0..<groupCount`.
  mutating func reserve(groupCount: Int)

  /// Writes the words for values that have no 64 bits of their own, such as strings. What has been
  /// named is inserted afterwards.
  mutating func name(_ batch: DistinctBatch)

  mutating func insert(_ batch: DistinctBatch)

  /// Adds what another sink holds: its group `g` to group `groups[g]` here.
  mutating func absorb(_ other: Self, groups: [UInt32])

  func count(_ group: Int) -> Int64

  /// Bytes of memory that the values take.
  var byteCount: Int { get }
}
