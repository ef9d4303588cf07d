import StorageBase

/// Numbers the distinct packed keys 0, 1, 2, … in the order met. Not thread-safe.
///
/// Keys made of codes only, with few enough bits, index an array directly (no hashing, no
/// comparing). When their codes outgrow it, or from the start for other keys, it is an
/// open-addressing hash table with linear probing, at most half full, whose slots hold 32 bits of
/// the hash beside the number so that a key is compared almost only with its equal.
///
/// A *dense* table numbers all codes its one column can have from the start, so that a code is the
/// number of its group; it only notes which codes have been met.
struct GroupTable {
  /// The largest direct array has 2 to this power entries: 1 MiB.
  private static let directBitsMax: UInt64 = 18

  let layout: GroupKeyLayout
  private(set) var count = 0
  /// The packed keys, `layout.wordCount` words each.
  private var keys: [UInt64] = []
  /// `hash high bits << 32 | number + 1`; 0 when empty.
  private var slots: [UInt64] = Array(repeating: 0, count: 64)
  /// Bits per field of a direct index; nil once hashing.
  private(set) var directBits: [UInt64]?
  /// `number + 1` by direct index.
  private var direct: [UInt32] = []
  /// Of a dense table one byte for each group, not zero for those met; else nil.
  private(set) var met: [UInt8]?

  /// - Parameter expectedRowCount: about how many rows there will be. A table is dense when they
  ///   are many for the groups there can be, and these more than a byte can number.
  init(layout: GroupKeyLayout, expectedRowCount: Int) {
    self.layout = layout
    guard layout.isAllCodes else { return }
    if layout.fields.count == 1, case .narrow(_, let bits) = layout.fields[0].form,
      bits > 8, expectedRowCount >> 1 >= 1 << bits
    {
      count = 1 << bits
      met = Array(repeating: 0, count: count)
      return
    }
    let bits = layout.fields.map { field -> UInt64 in
      switch field.form {
      case .narrow(_, let bits): UInt64(bits)
      case .string, .wide: 4
      }
    }
    reindex(bits)
  }

  /// Whether a row of this group has been met; true for all but those of a dense table.
  func isMet(_ number: Int) -> Bool { met.map { $0[number] != 0 } ?? true }

  func withKey<R>(_ number: Int, _ body: (UnsafePointer<UInt64>) -> R) -> R {
    if met != nil { return withUnsafePointer(to: UInt64(number), body) }
    return keys.withUnsafeBufferPointer { keys in
      guard let base = keys.baseAddress else { preconditionFailure("no group \(number)") }
      return body(base + number * layout.wordCount)
    }
  }

  /// Widens the direct index until string codes up to `codeMax` fit every string field, or gives it
  /// up for hashing.
  mutating func makeRoom(forCodesUpTo codeMax: Int) {
    guard let bits = directBits else { return }
    var wider = bits
    for (index, field) in layout.fields.enumerated() {
      guard case .string = field.form else { continue }
      while codeMax >> Int(wider[index]) != 0 { wider[index] += 1 }
    }
    if wider != bits { reindex(wider) }
  }

  private mutating func reindex(_ bits: [UInt64]) {
    let total = bits.reduce(0, +)
    guard total <= Self.directBitsMax else {
      directBits = nil
      direct = []
      var slotCount = slots.count
      while count * 2 > slotCount { slotCount *= 2 }
      rehash(slotCount: slotCount)
      return
    }
    directBits = bits
    direct = Array(repeating: 0, count: 1 << Int(total))
    for number in 0..<count {
      let index = withKey(number) { directIndex(of: $0, bits) }
      direct[index] = UInt32(number + 1)
    }
  }

  private func directIndex(of key: UnsafePointer<UInt64>, _ bits: [UInt64]) -> Int {
    if layout.fields.count == 1 { return Int(layout.code(layout.fields[0], in: key)) }
    var (index, shift) = (0, 0)
    for (field, width) in zip(layout.fields, bits) {
      index |= Int(layout.code(field, in: key)) << shift
      shift += Int(width)
    }
    return index
  }

  /// Notes that rows with these numbers have been met, which are codes.
  /// - Precondition: the table is dense.
  mutating func meet(_ numbers: UnsafeBufferPointer<UInt32>) {
    met?.withUnsafeMutableBufferPointer { met in
      for row in 0..<numbers.count { met[Int(numbers[row])] = 1 }
    }
  }

  /// Notes all that another dense table has met.
  mutating func meet(_ other: GroupTable) {
    guard let met, let more = other.met else { return }
    precondition(met.count == more.count, "tables of two ranges")
    self.met = zip(met, more).map { $0 | $1 }
  }

  /// The number of each direct index; new ones are given to those not met before.
  /// - Precondition: `directBits` is not nil and made every index.
  mutating func numbers(
    ofDirect indexes: UnsafeBufferPointer<UInt32>,
    into numbers: UnsafeMutableBufferPointer<UInt32>
  ) {
    var missing = false
    direct.withUnsafeBufferPointer { direct in
      for row in 0..<indexes.count {
        let number = direct[Int(indexes[row])]
        missing = missing || number == 0
        numbers[row] = number &- 1
      }
    }
    guard missing else { return }
    for row in 0..<indexes.count where numbers[row] == .max {
      numbers[row] = insert(direct: Int(indexes[row]))
    }
  }

  /// The number of a direct index; nil when it has none.
  /// - Precondition: as of `numbers(ofDirect:into:)`.
  func number(ofDirect index: Int) -> UInt32? {
    direct[index] == 0 ? nil : direct[index] - 1
  }

  /// The number of a direct index, a new one if it has none.
  mutating func insert(direct index: Int) -> UInt32 {
    if direct[index] != 0 { return direct[index] - 1 }
    let start = keys.count
    for _ in 0..<layout.wordCount { keys.append(0) }
    var rest = UInt64(index)
    for (field, width) in zip(layout.fields, directBits ?? []) {
      keys[start + field.place.word] |= (rest & ((1 << width) - 1)) << field.place.shift
      rest >>= width
    }
    count += 1
    direct[index] = UInt32(count)
    return UInt32(count - 1)
  }

  /// The number of each packed key; new ones are given to those not met before.
  /// - Precondition: `directBits` is nil.
  mutating func numbers(
    ofPacked packed: UnsafePointer<UInt64>, into numbers: UnsafeMutableBufferPointer<UInt32>
  ) {
    for row in 0..<numbers.count {
      numbers[row] = number(ofHashed: packed + row &* layout.wordCount)
    }
  }

  /// The number of one packed key, in either mode; for merging.
  /// - Precondition: `makeRoom` was called for its codes.
  mutating func number(of key: UnsafePointer<UInt64>) -> UInt32 {
    guard let bits = directBits else { return number(ofHashed: key) }
    return insert(direct: directIndex(of: key, bits))
  }

  @inline(__always)
  private static func hash(_ key: UnsafePointer<UInt64>, _ wordCount: Int) -> UInt64 {
    var hash = mixBits(key[0])
    for word in 1..<max(1, wordCount) { hash = mixBits(hash ^ key[word]) }
    return hash
  }

  @inline(__always)
  private mutating func number(ofHashed key: UnsafePointer<UInt64>) -> UInt32 {
    let wordCount = layout.wordCount
    let hash = Self.hash(key, wordCount)
    let (mask, tag) = (slots.count &- 1, hash &>> 32)
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let entry = slots[slot]
      if entry == 0 { break }
      if entry &>> 32 == tag {
        let number = Int(truncatingIfNeeded: entry & 0xFFFF_FFFF) &- 1
        var (word, isEqual) = (0, true)
        while word < wordCount {
          isEqual = isEqual && keys[number &* wordCount &+ word] == key[word]
          word &+= 1
        }
        if isEqual { return UInt32(truncatingIfNeeded: number) }
      }
      slot = (slot &+ 1) & mask
    }
    return append(key, slot: slot, tag: tag)
  }

  @inline(never)
  private mutating func append(
    _ key: UnsafePointer<UInt64>, slot: Int, tag: UInt64
  ) -> UInt32 {
    keys.append(contentsOf: UnsafeBufferPointer(start: key, count: layout.wordCount))
    count += 1
    slots[slot] = tag << 32 | UInt64(count)
    if count * 2 > slots.count { rehash(slotCount: slots.count * 2) }
    return UInt32(count - 1)
  }

  private mutating func rehash(slotCount: Int) {
    var fresh = [UInt64](repeating: 0, count: slotCount)
    for number in 0..<count {
      let hash = withKey(number) { Self.hash($0, layout.wordCount) }
      var slot = Int(truncatingIfNeeded: hash) & (slotCount - 1)
      while fresh[slot] != 0 { slot = (slot + 1) & (slotCount - 1) }
      fresh[slot] = (hash >> 32) << 32 | UInt64(number + 1)
    }
    slots = fresh
  }
}
