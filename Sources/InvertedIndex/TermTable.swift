import ScanKernels
import StorageBase

/// Gives equal terms equal numbers, 0, 1, 2, … in the order met, and keeps where each occurs. Not
/// thread-safe.
///
/// An open-addressing table; a slot is the upper half of the hash and the number plus one, so a
/// term's bytes are compared only where the hash agrees in 32 bits. Amortised O(length) per term.
final class TermTable {
  private struct Term {
    let bytes: UnsafeRawBufferPointer
    let hash: UInt64
    var chain: OccurrenceChain
  }

  private let arena = ByteArena()
  private var terms: UnsafeMutablePointer<Term>
  private var capacity = 64
  private(set) var count = 0
  private var slots: UnsafeMutablePointer<UInt64>
  private var slotMask = 255

  init() {
    terms = .allocate(capacity: capacity)
    slots = .allocate(capacity: slotMask + 1)
    slots.initialize(repeating: 0, count: slotMask + 1)
  }

  deinit {
    terms.deallocate()
    slots.deallocate()
  }

  /// Bytes of memory held.
  var byteCount: Int {
    arena.byteCount + capacity * MemoryLayout<Term>.stride + (slotMask + 1) * 8
  }

  /// The number of a term, a new one if it was not met before. Eight bytes after the term must be
  /// readable.
  @inline(__always) func number(of term: UnsafeRawBufferPointer) -> Int {
    let hash = Self.hash(term)
    let tag = hash & 0xFFFF_FFFF_0000_0000
    var slot = Int(truncatingIfNeeded: hash) & slotMask
    while true {
      let entry = slots[slot]
      if entry == 0 { return insert(term, hash: hash) }
      if entry & 0xFFFF_FFFF_0000_0000 == tag {
        let number = Int(entry & 0xFFFF_FFFF) &- 1
        let known = terms[number].bytes
        if known.count == term.count && compareBytes(known, term) == 0 { return number }
      }
      slot = (slot &+ 1) & slotMask
    }
  }

  @inline(never) private func insert(_ term: UnsafeRawBufferPointer, hash: UInt64) -> Int {
    if count == capacity { growTerms() }
    let copy = UnsafeMutableRawBufferPointer(
      start: arena.allocate(term.count), count: term.count)
    copy.copyMemory(from: term)
    (terms + count).initialize(
      to: Term(bytes: UnsafeRawBufferPointer(copy), hash: hash, chain: OccurrenceChain(arena)))
    count += 1
    place(hash, number: count - 1)
    if count * 2 > slotMask { growSlots() }
    return count - 1
  }

  private func place(_ hash: UInt64, number: Int) {
    var slot = Int(truncatingIfNeeded: hash) & slotMask
    while slots[slot] != 0 { slot = (slot + 1) & slotMask }
    slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(number + 1)
  }

  private func growTerms() {
    let moved = UnsafeMutablePointer<Term>.allocate(capacity: capacity * 2)
    moved.moveInitialize(from: terms, count: count)
    terms.deallocate()
    terms = moved
    capacity *= 2
  }

  private func growSlots() {
    slots.deallocate()
    slotMask = slotMask * 4 + 3
    slots = .allocate(capacity: slotMask + 1)
    slots.initialize(repeating: 0, count: slotMask + 1)
    for number in 0..<count { place(terms[number].hash, number: number) }
  }

  @inline(__always) private static func hash(_ term: UnsafeRawBufferPointer) -> UInt64 {
    guard let base = term.baseAddress else { return mixBits(0) }
    var hash = UInt64(truncatingIfNeeded: term.count) &* 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while term.count &- offset > 8 {
      hash = mixBits(hash ^ base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset &+= 8
    }
    let rest = term.count &- offset
    let word = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    let mask = rest == 0 ? 0 : ~UInt64(0) &>> UInt64(64 &- rest &* 8)
    return mixBits(hash ^ (UInt64(littleEndian: word) & mask))
  }

  /// Notes that a term is in a row; rows ascend.
  @inline(__always) func add(_ number: Int, row: UInt32) {
    terms[number].chain.append(row: row, arena)
  }

  /// Notes that a term is in a row at a position; rows ascend, and positions within one row.
  @inline(__always) func add(_ number: Int, row: UInt32, position: UInt32) {
    terms[number].chain.append(row: row, position: position, arena)
  }

  /// Valid while the table is held.
  func term(_ number: Int) -> UnsafeRawBufferPointer { terms[number].bytes }

  /// Replaces what `postings` held by the occurrences of a term.
  func decode(_ number: Int, hasPositions: Bool, into postings: PostingList) {
    terms[number].chain.decode(hasPositions: hasPositions, into: postings)
  }

  /// The numbers of all terms in the order of their bytes: a radix sort by the first eight, then
  /// comparisons among those that agree in them.
  func sortedNumbers() -> [Int] {
    var entries = (0..<count).map { TermOrder.Entry(terms[$0].bytes, number: UInt32($0)) }
    TermOrder.sort(&entries) { self.terms[Int($0)].bytes }
    return entries.map { Int($0.number) }
  }
}
