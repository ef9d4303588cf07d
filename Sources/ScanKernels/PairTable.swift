import CKernels
import StorageBase

/// A set of pairs of a 64-bit word and a group: 16 bytes a slot, with linear probing and at most
/// three quarters full. Not thread-safe.
///
/// The high bits of a hash give the place, so that slots lie in the order of hashes: a table grows
/// by one pass over the old slots that writes the new ones from front to back, without waiting for
/// memory. All hashes of a batch come first, then each slot is asked for some values ahead, as in
/// `KeyTable`.
final class PairTable {
  private struct Slot {
    var word: UInt64
    /// The group plus one; 0 for an empty slot.
    var owner: UInt32
  }

  private static let slotCountMin = 64
  private static let prefetchDistance = 16

  private(set) var count = 0
  private var slots: UnsafeMutableBufferPointer<Slot>
  /// What is left of a hash is the place.
  private var shift: UInt64

  init() {
    slots = Self.makeSlots(Self.slotCountMin)
    shift = Self.shift(Self.slotCountMin)
  }

  deinit { slots.deallocate() }

  private static func makeSlots(_ count: Int) -> UnsafeMutableBufferPointer<Slot> {
    let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: Slot(word: 0, owner: 0))
    return slots
  }

  private static func shift(_ slotCount: Int) -> UInt64 {
    UInt64(UInt64.bitWidth - slotCount.trailingZeroBitCount)
  }

  var byteCount: Int { slots.count * MemoryLayout<Slot>.stride }

  @inline(__always) private static func hash(_ word: UInt64, _ group: UInt32) -> UInt64 {
    mixBits(word ^ UInt64(group) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// Adds the pairs of a batch, and one to the count of its group for each that is new.
  func insert(_ batch: DistinctBatch, counts: inout [Int64]) {
    makeRoom(for: batch.count)
    let (words, groups, hashes) = (batch.words, batch.groups, batch.hashes)
    for index in 0..<batch.count { hashes[index] = Self.hash(words[index], groups[index]) }
    guard let base = slots.baseAddress else { return }
    let (mask, shift, distance) = (slots.count &- 1, shift, Self.prefetchDistance)
    var added = 0
    counts.withUnsafeMutableBufferPointer { counts in
      for index in 0..<batch.count {
        if index &+ distance < batch.count {
          ck_prefetch(base + Int(truncatingIfNeeded: hashes[index &+ distance] &>> shift))
        }
        let (word, group) = (words[index], groups[index])
        let owner = group &+ 1
        var place = Int(truncatingIfNeeded: hashes[index] &>> shift)
        while base[place].owner != 0 && (base[place].word != word || base[place].owner != owner) {
          place = (place &+ 1) & mask
        }
        if base[place].owner != 0 { continue }
        base[place] = Slot(word: word, owner: owner)
        counts[Int(group)] &+= 1
        added &+= 1
      }
    }
    count += added
  }

  /// Calls `body` with every word and group, in no order that means anything.
  func visit(_ body: (UInt64, Int) -> Void) {
    for slot in slots where slot.owner != 0 { body(slot.word, Int(slot.owner) - 1) }
  }

  /// Makes sure that so many more pairs fit without moving anything.
  func makeRoom(for more: Int) {
    var slotCount = slots.count
    while (count + more) * 4 > slotCount * 3 { slotCount *= 2 }
    if slotCount != slots.count { grow(to: slotCount) }
  }

  private func grow(to slotCount: Int) {
    let old = slots
    slots = Self.makeSlots(slotCount)
    shift = Self.shift(slotCount)
    let mask = slotCount - 1
    for slot in old where slot.owner != 0 {
      var place = Int(truncatingIfNeeded: Self.hash(slot.word, slot.owner &- 1) &>> shift)
      while slots[place].owner != 0 { place = (place &+ 1) & mask }
      slots[place] = slot
    }
    old.deallocate()
  }
}
