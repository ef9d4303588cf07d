import StorageBase

/// A HyperLogLog sketch per group. Not thread-safe.
struct DistinctSketches: DistinctSink {
  private var sketches: [DistinctSketch] = []

  init(isGrouped: Bool, areBytes: Bool) {}

  mutating func reserve(groupCount: Int) {
    let missing = max(0, groupCount - sketches.count)
    sketches.append(contentsOf: repeatElement(DistinctSketch(), count: missing))
  }

  mutating func name(_ batch: DistinctBatch) {
    for index in 0..<batch.count { batch.words[index] = hashBytes(batch.texts[index]) }
  }

  mutating func insert(_ batch: DistinctBatch) {
    for index in 0..<batch.count {
      let hash = DistinctSketch.hash(batch.words[index])
      sketches[Int(batch.groups[index])].insert(hash: hash)
    }
  }

  mutating func absorb(_ other: DistinctSketches, groups: [UInt32]) {
    for (group, target) in groups.enumerated() {
      sketches[Int(target)].formUnion(other.sketches[group])
    }
  }

  func count(_ group: Int) -> Int64 { sketches[group].estimate }

  var byteCount: Int { sketches.reduce(0) { $0 + $1.byteCount } }
}
