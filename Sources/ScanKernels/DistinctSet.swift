import StorageBase

/// The exact distinct values of every group, as one hash set of pairs of a value and a group. Not
/// thread-safe, and copies share their values: a set has one owner.
///
/// A pair takes 21 to 43 bytes. A distinct string or decimal of more than 18 digits is kept once
/// for all groups, with 29 to 51 bytes beside its own; without groups there are no pairs of them.
struct DistinctSet: DistinctSink {
  private let pairs = PairTable()
  private let texts = TextTable()
  private let areBytes: Bool
  /// Whether what has been named is all there is to count.
  private let countsTexts: Bool
  private var counts: [Int64] = []
  private let batch = DistinctBatch()

  init(isGrouped: Bool, areBytes: Bool) {
    self.areBytes = areBytes
    countsTexts = areBytes && !isGrouped
  }

  mutating func reserve(groupCount: Int) {
    counts.append(contentsOf: repeatElement(0, count: max(0, groupCount - counts.count)))
  }

  mutating func name(_ batch: DistinctBatch) { texts.number(batch) }

  mutating func insert(_ batch: DistinctBatch) {
    if !countsTexts { pairs.insert(batch, counts: &counts) }
  }

  /// Strings are merged in the order they were met, so that the other's are read from front to
  /// back.
  mutating func absorb(_ other: DistinctSet, groups: [UInt32]) {
    // The same string has another number in each set.
    var numbers: [UInt64] = []
    numbers.reserveCapacity(other.texts.count)
    batch.count = 0
    func flush() {
      texts.number(batch)
      if !countsTexts {
        numbers.append(contentsOf: UnsafeBufferPointer(start: batch.words, count: batch.count))
      }
      batch.count = 0
    }
    other.texts.visit { text in
      batch.texts[batch.count] = text
      batch.count += 1
      if batch.count == DistinctBatch.capacity { flush() }
    }
    flush()
    // In the order of the other's hashes the slots here fill up from one end, where they must not
    // become crowded before there is room for all.
    pairs.makeRoom(for: other.pairs.count)
    other.pairs.visit { word, group in
      batch.words[batch.count] = areBytes ? numbers[Int(word)] : word
      batch.groups[batch.count] = groups[group]
      batch.count += 1
      guard batch.count == DistinctBatch.capacity else { return }
      pairs.insert(batch, counts: &counts)
      batch.count = 0
    }
    pairs.insert(batch, counts: &counts)
  }

  func count(_ group: Int) -> Int64 { countsTexts ? Int64(texts.count) : counts[group] }

  var byteCount: Int { pairs.byteCount + counts.count * 8 + (areBytes ? texts.byteCount : 0) }
}
