import StorageBase

/// What counts the distinct values of every group: a set, or sketches. Values come as 64-bit words,
/// equal for equal values. Not thread-safe.
protocol DistinctSink {
  init()

  /// Makes room for groups `0..<groupCount`.
  mutating func reserve(groupCount: Int)

  /// The word for a value that has no 64 bits of its own, such as a string.
  mutating func word(of bytes: UnsafeRawBufferPointer) -> UInt64

  mutating func insert(_ word: UInt64, group: Int)

  /// Adds what another sink holds: its group `g` to group `groups[g]` here.
  /// - Parameter areBytes: whether the words came from `word(of:)`.
  mutating func absorb(_ other: Self, groups: [UInt32], areBytes: Bool)

  func count(_ group: Int) -> Int64

  /// Bytes of memory that the values take.
  var byteCount: Int { get }
}
