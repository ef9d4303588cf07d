import StorageBase

/// The exact distinct values of every group, as one hash set of pairs of a value and a group, with
/// linear probing and at most three quarters full. Not thread-safe.
///
/// A pair takes 12 bytes of slots, so 16 to 32 with the empty ones; a distinct string or decimal of
/// more than 18 digits is kept once more for all groups, with some 24 bytes beside its own.
struct DistinctSet: DistinctSink {
  private static let slotCountMin = 64

  private var words: [UInt64] = Array(repeating: 0, count: slotCountMin)
  /// The group plus one; 0 for an empty slot.
  private var owners: [UInt32] = Array(repeating: 0, count: slotCountMin)
  private var pairCount = 0
  private var counts: [Int64] = []
  private var strings = StringInterner()

  mutating func reserve(groupCount: Int) {
    counts.append(contentsOf: repeatElement(0, count: max(0, groupCount - counts.count)))
  }

  mutating func word(of bytes: UnsafeRawBufferPointer) -> UInt64 {
    UInt64(strings.number(of: bytes))
  }

  private static func hash(_ word: UInt64, _ owner: UInt32) -> Int {
    Int(truncatingIfNeeded: mixBits(word ^ mixBits(UInt64(owner))))
  }

  mutating func insert(_ word: UInt64, group: Int) {
    let owner = UInt32(group + 1)
    let mask = words.count &- 1
    var slot = Self.hash(word, owner) & mask
    while owners[slot] != 0 {
      if words[slot] == word && owners[slot] == owner { return }
      slot = (slot &+ 1) & mask
    }
    words[slot] = word
    owners[slot] = owner
    counts[group] += 1
    pairCount += 1
    if pairCount * 4 > words.count * 3 { grow() }
  }

  private mutating func grow() {
    let (oldWords, oldOwners) = (words, owners)
    words = Array(repeating: 0, count: oldWords.count * 2)
    owners = Array(repeating: 0, count: words.count)
    let mask = words.count - 1
    for (word, owner) in zip(oldWords, oldOwners) where owner != 0 {
      var slot = Self.hash(word, owner) & mask
      while owners[slot] != 0 { slot = (slot + 1) & mask }
      words[slot] = word
      owners[slot] = owner
    }
  }

  mutating func absorb(_ other: DistinctSet, groups: [UInt32], areBytes: Bool) {
    // The same string has another number in each set.
    var numbers: [UInt64] = []
    if areBytes && other.strings.count > 0 {
      numbers = (1...UInt32(other.strings.count)).map { number in
        other.strings.string(number).withUnsafeBytes { word(of: $0) }
      }
    }
    for (foreign, owner) in zip(other.words, other.owners) where owner != 0 {
      let word = areBytes ? numbers[Int(foreign) - 1] : foreign
      insert(word, group: Int(groups[Int(owner) - 1]))
    }
  }

  func count(_ group: Int) -> Int64 { counts[group] }

  var byteCount: Int { words.count * 12 + counts.count * 8 + strings.byteCount }
}
