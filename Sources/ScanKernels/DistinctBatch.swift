/// Some values on their way into a `DistinctSink`, each with its group: few enough to stay in the
/// nearest caches while one step after another is done for all of them. One owner; not
/// thread-safe.
final class DistinctBatch {
  static let capacity = 1024

  /// How many values there are, at most `capacity`.
  var count = 0
  /// 64 bits for each value, equal for equal values.
  let words = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
  let groups = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
  /// The bytes of values that have no 64 bits of their own; valid until they have been named.
  let texts = UnsafeMutablePointer<UnsafeRawBufferPointer>.allocate(capacity: capacity)
  /// For the sink.
  let hashes = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)

  deinit {
    words.deallocate()
    groups.deallocate()
    texts.deallocate()
    hashes.deallocate()
  }
}
