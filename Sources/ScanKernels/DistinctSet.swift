import StorageBase

/// The exact distinct values of every group, as one hash set of pairs of a value and a group, with
/// linear probing and at most three quarters full. Not thread-safe.
///
/// A pair takes a slot of 16 bytes, so 21 to 43 with the empty ones; a distinct string or decimal
/// of more than 18 digits is kept once more for all groups, with some 24 bytes beside its own.
struct DistinctSet: DistinctSink {
  private static let slotCountMin = 64

  /// Side by side, so that a look-up touches one cache line.
  private struct Slot {
    var word: UInt64 = 0
    /// The group plus one; 0 for an empty slot.
    var owner: UInt32 = 0
  }

  private var slots: [Slot] = Array(repeating: Slot(), count: slotCountMin)
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
    let mask = slots.count &- 1
    var place = Self.hash(word, owner) & mask
    while slots[place].owner != 0 {
      if slots[place].word == word && slots[place].owner == owner { return }
      place = (place &+ 1) & mask
    }
    slots[place] = Slot(word: word, owner: owner)
    counts[group] += 1
    pairCount += 1
    if pairCount * 4 > slots.count * 3 { grow() }
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Slot(), count: old.count * 2)
    let mask = slots.count - 1
    for slot in old where slot.owner != 0 {
      var place = Self.hash(slot.word, slot.owner) & mask
      while slots[place].owner != 0 { place = (place + 1) & mask }
      slots[place] = slot
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
    for slot in other.slots where slot.owner != 0 {
      let word = areBytes ? numbers[Int(slot.word) - 1] : slot.word
      insert(word, group: Int(groups[Int(slot.owner) - 1]))
    }
  }

  func count(_ group: Int) -> Int64 { counts[group] }

  var byteCount: Int {
    slots.count * MemoryLayout<Slot>.stride + counts.count * 8 + strings.byteCount
  }
}
