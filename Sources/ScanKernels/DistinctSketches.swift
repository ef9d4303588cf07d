import StorageBase

/// A HyperLogLog sketch per group. Not thread-safe.
struct DistinctSketches: DistinctSink {
  private var sketches: [DistinctSketch] = []

  mutating func reserve(groupCount: Int) {
    let missing = max(0, groupCount - sketches.count)
    sketches.append(contentsOf: repeatElement(DistinctSketch(), count: missing))
  }

  mutating func word(of bytes: UnsafeRawBufferPointer) -> UInt64 { StringInterner.hash(bytes) }

  mutating func insert(_ word: UInt64, group: Int) {
    sketches[group].insert(hash: DistinctSketch.hash(word))
  }

  mutating func absorb(_ other: DistinctSketches, groups: [UInt32], areBytes: Bool) {
    for (group, target) in groups.enumerated() {
      sketches[Int(target)].formUnion(other.sketches[group])
    }
  }

  func count(_ group: Int) -> Int64 { sketches[group].estimate }

  var byteCount: Int { sketches.reduce(0) { $0 + $1.byteCount } }
}
