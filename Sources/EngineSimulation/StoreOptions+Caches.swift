import StorageBase
import TabletEngine

extension StoreOptions {
  /// Gives the caches limits under which they keep everything, little or nothing: what happens in a
  /// run does not depend on them, so a seed means the same whatever they are.
  mutating func chooseCaches(seed: UInt64) {
    var random = SeededGenerator(seed: mixBits(seed))
    segmentCacheByteCountMax = [0, 10_000, 512 << 20][Int(random.next() % 3)]
    keyIndexCacheByteCountMax = [0, 1, 4_000, .max][Int(random.next() % 4)]
  }
}
