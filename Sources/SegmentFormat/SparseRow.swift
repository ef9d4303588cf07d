import StorageBase

/// The flags of a sparse row: which groups have present columns, and a word for each of those.
struct SparseRow {
  /// Bit g set: group g has a word.
  let groups: UInt128
  let words: UnsafeRawPointer
  private unowned(unsafe) let slots: SparseSlots

  /// - Precondition: the row was measured.
  init(_ row: UnsafeRawPointer, _ slots: SparseSlots) {
    groups = Self.groups(row + 1, byteCount: slots.topByteCount)
    words = row + 1 + slots.topByteCount
    self.slots = slots
  }

  private static func groups(_ bytes: UnsafeRawPointer, byteCount: Int) -> UInt128 {
    var groups: UInt128 = 0
    for index in 0..<byteCount {
      groups |= UInt128(bytes.load(fromByteOffset: index, as: UInt8.self)) << UInt128(8 * index)
    }
    return groups
  }

  /// Where the present values begin.
  var values: UnsafeRawPointer { words + 8 * groups.nonzeroBitCount }

  @inline(__always)
  private func word(_ index: Int) -> UInt64 {
    UInt64(littleEndian: words.loadUnaligned(fromByteOffset: 8 &* index, as: UInt64.self))
  }

  /// Calls `body` with each group that has present columns, ascending, and its word.
  @inline(__always)
  func forEachGroup(below end: Int, _ body: (_ group: Int, _ word: UInt64) -> Void) {
    var rest = groups & ((1 << UInt128(end)) &- 1)
    var index = 0
    while rest != 0 {
      body(rest.trailingZeroBitCount, word(index))
      rest &= rest &- 1
      index &+= 1
    }
  }

  /// The word of the group of a slot, and that slot's bit in it; nil when it is not present.
  private func find(_ slot: Int) -> (word: UInt64, bit: UInt64)? {
    let group = UInt128(slot >> 6)
    guard groups >> group & 1 != 0 else { return nil }
    let word = word((groups & ((1 << group) &- 1)).nonzeroBitCount)
    let bit: UInt64 = 1 << UInt64(slot & 63)
    return word & bit != 0 ? (word, bit) : nil
  }

  func isPresent(slot: Int) -> Bool { find(slot) != nil }

  func place(ofSlot slot: Int) -> UnsafeRawPointer? {
    guard let (word, bit) = find(slot) else { return nil }
    let group = slot >> 6
    var offset = (word & (bit &- 1)).nonzeroBitCount &* slots.width[group]
    forEachGroup(below: group) { offset &+= $1.nonzeroBitCount &* slots.width[$0] }
    return values + offset
  }

  func stringRank(ofSlot slot: Int) -> Int {
    guard let (word, bit) = find(slot) else { return -1 }
    var rank = (word & (bit &- 1)).nonzeroBitCount
    forEachGroup(below: slot >> 6) { rank &+= slots.width[$0] == 0 ? $1.nonzeroBitCount : 0 }
    return rank
  }

  /// Where the ends of strings begin and how many there are; nil for bytes that are no sparse row.
  static func measure(
    _ row: UnsafeRawBufferPointer, _ slots: SparseSlots
  ) -> (endsOffset: Int, endCount: Int)? {
    let top = slots.topByteCount
    guard let base = row.baseAddress, row.count >= 1 + top else { return nil }
    let flags = SparseRow(base, slots)
    let wordsEnd = 1 + top + 8 * flags.groups.nonzeroBitCount
    guard flags.groups >> UInt128(slots.groupCount) == 0, wordsEnd <= row.count else { return nil }
    var (byteCount, endCount, isSound) = (0, 0, true)
    flags.forEachGroup(below: slots.groupCount) { group, word in
      isSound = isSound && word & ~slots.mask[group] == 0
      byteCount &+= word.nonzeroBitCount &* slots.width[group]
      endCount &+= slots.width[group] == 0 ? word.nonzeroBitCount : 0
    }
    guard isSound, wordsEnd + byteCount <= row.count else { return nil }
    return (wordsEnd + byteCount, endCount)
  }
}
