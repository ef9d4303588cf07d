import CKernels
import StorageBase

/// Numbers distinct byte strings 0, 1, 2, … in the order met, each kept once. Not thread-safe.
///
/// A slot holds the whole 64-bit hash beside the place of the string, so that bytes are compared
/// almost only with their equals. Slots and strings are asked for some strings ahead, and slots lie
/// in the order of hashes, as in `PairTable`. Strings lie one after another in blocks that never
/// move.
final class TextTable {
  private struct Slot {
    var hash: UInt64
    /// Nil for an empty slot.
    var entry: UnsafeMutableRawPointer?
  }

  private struct Block {
    let base: UnsafeMutableRawPointer
    let capacity: Int
    var used: Int
  }

  private static let slotCountMin = 64
  private static let blockByteCounts = 4096...(1 << 20)
  private static let prefetchDistance = 16
  /// The number and the length of a string lie before it, 32 bits each.
  private static let headerByteCount = 8

  private(set) var count = 0
  private var slots: UnsafeMutableBufferPointer<Slot>
  private var shift: UInt64
  private var blocks: [Block] = []

  init() {
    slots = Self.makeSlots(Self.slotCountMin)
    shift = Self.shift(Self.slotCountMin)
  }

  deinit {
    slots.deallocate()
    for block in blocks { block.base.deallocate() }
  }

  private static func makeSlots(_ count: Int) -> UnsafeMutableBufferPointer<Slot> {
    let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: Slot(hash: 0, entry: nil))
    return slots
  }

  private static func shift(_ slotCount: Int) -> UInt64 {
    UInt64(UInt64.bitWidth - slotCount.trailingZeroBitCount)
  }

  /// Bytes of memory that the strings and the table take.
  var byteCount: Int {
    slots.count * MemoryLayout<Slot>.stride + blocks.reduce(0) { $0 + $1.capacity }
  }

  /// Makes the words of a batch the numbers of its texts, new ones for those not met before.
  func number(_ batch: DistinctBatch) {
    makeRoom(for: batch.count)
    let (texts, hashes) = (batch.texts, batch.hashes)
    for index in 0..<batch.count { hashes[index] = hashBytes(texts[index]) }
    guard let base = slots.baseAddress else { return }
    let (shift, distance) = (shift, Self.prefetchDistance)
    for index in 0..<batch.count {
      if index &+ distance < batch.count {
        ck_prefetch(base + Int(truncatingIfNeeded: hashes[index &+ distance] &>> shift))
        let hash = hashes[index &+ distance / 2]
        let near = base[Int(truncatingIfNeeded: hash &>> shift)]
        if near.hash == hash, let entry = near.entry { ck_prefetch(entry) }
      }
      batch.words[index] = UInt64(number(of: texts[index], hash: hashes[index]))
    }
  }

  /// - Precondition: there is room for another string.
  @inline(__always)
  private func number(of text: UnsafeRawBufferPointer, hash: UInt64) -> UInt32 {
    let mask = slots.count &- 1
    var place = Int(truncatingIfNeeded: hash &>> shift)
    while let entry = slots[place].entry {
      if slots[place].hash == hash, Self.holds(entry, text) {
        return entry.loadUnaligned(as: UInt32.self)
      }
      place = (place &+ 1) & mask
    }
    slots[place] = Slot(hash: hash, entry: add(text))
    count &+= 1
    return UInt32(truncatingIfNeeded: count &- 1)
  }

  @inline(__always)
  private static func holds(
    _ entry: UnsafeMutableRawPointer, _ text: UnsafeRawBufferPointer
  ) -> Bool {
    let length = entry.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    guard Int(length) == text.count else { return false }
    guard let bytes = text.baseAddress else { return true }
    return areEqualBytes(entry + headerByteCount, bytes, count: text.count)
  }

  @inline(__always)
  private func add(_ text: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer {
    let needed = Self.headerByteCount + text.count
    if blocks.last.map({ $0.capacity - $0.used < needed }) ?? true { addBlock(needed) }
    let last = blocks.count &- 1
    let entry = blocks[last].base + blocks[last].used
    blocks[last].used += needed
    entry.storeBytes(of: UInt32(truncatingIfNeeded: count), as: UInt32.self)
    entry.storeBytes(of: UInt32(text.count), toByteOffset: 4, as: UInt32.self)
    if let bytes = text.baseAddress {
      (entry + Self.headerByteCount).copyMemory(from: bytes, byteCount: text.count)
    }
    return entry
  }

  /// Blocks grow with what there is, so that a few strings take little.
  private func addBlock(_ needed: Int) {
    let wanted = min(Self.blockByteCounts.upperBound, 2 * (blocks.last?.capacity ?? 0))
    let capacity = max(Self.blockByteCounts.lowerBound, wanted, needed)
    blocks.append(
      Block(
        base: .allocate(byteCount: capacity, alignment: 64), capacity: capacity, used: 0))
  }

  /// Calls `body` with every string in the order of their numbers.
  func visit(_ body: (UnsafeRawBufferPointer) -> Void) {
    for block in blocks {
      var offset = 0
      while offset < block.used {
        let entry = block.base + offset
        let length = Int(entry.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        body(UnsafeRawBufferPointer(start: entry + Self.headerByteCount, count: length))
        offset += Self.headerByteCount + length
      }
    }
  }

  /// Makes sure that so many more strings fit without moving anything.
  private func makeRoom(for more: Int) {
    var slotCount = slots.count
    while (count + more) * 4 > slotCount * 3 { slotCount *= 2 }
    guard slotCount != slots.count else { return }
    let old = slots
    slots = Self.makeSlots(slotCount)
    shift = Self.shift(slotCount)
    let mask = slotCount - 1
    for slot in old where slot.entry != nil {
      var place = Int(truncatingIfNeeded: slot.hash &>> shift)
      while slots[place].entry != nil { place = (place &+ 1) & mask }
      slots[place] = slot
    }
    old.deallocate()
  }
}
