import StorageBase

/// Gives distinct 64-bit keys the codes 0, 1, 2, … in the order met, up to a limit. Not
/// thread-safe; an open-addressing table that is emptied without being freed.
struct DistinctValues {
  private(set) var keys: [UInt64] = []
  /// Code plus one, 0 for free.
  private var slots: [UInt32] = Array(repeating: 0, count: 64)
  private var limit = 0

  mutating func removeAll(limit: Int) {
    self.limit = limit
    keys.removeAll(keepingCapacity: true)
    let wanted = 1 << bitCount(of: max(16, limit * 2))
    if slots.count < wanted {
      slots = Array(repeating: 0, count: wanted)
    } else {
      slots.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    }
  }

  /// Nil when the key would be one too many.
  @inline(__always)
  mutating func code(of key: UInt64) -> UInt32? {
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: mixBits(key)) & mask
    while slots[slot] != 0 {
      let code = slots[slot] &- 1
      if keys[Int(code)] == key { return code }
      slot = (slot &+ 1) & mask
    }
    guard keys.count < limit else { return nil }
    keys.append(key)
    slots[slot] = UInt32(truncatingIfNeeded: keys.count)
    return UInt32(truncatingIfNeeded: keys.count &- 1)
  }
}

/// Gives distinct byte strings codes as `DistinctValues` does; remembers them by the row they were
/// first met in.
struct DistinctStrings {
  private(set) var firstRows: [UInt32] = []
  private var hashes: [UInt64] = []
  private var slots: [UInt32] = Array(repeating: 0, count: 64)
  private var limit = 0

  mutating func removeAll(limit: Int) {
    self.limit = limit
    firstRows.removeAll(keepingCapacity: true)
    hashes.removeAll(keepingCapacity: true)
    let wanted = 1 << bitCount(of: max(16, limit * 2))
    if slots.count < wanted {
      slots = Array(repeating: 0, count: wanted)
    } else {
      slots.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    }
  }

  /// Nil when the string of `row` would be one too many.
  @inline(__always)
  mutating func code(
    of row: Int, _ offsets: UnsafePointer<UInt32>, _ bytes: UnsafeRawPointer
  ) -> UInt32? {
    let start = bytes + Int(offsets[row])
    let count = Int(offsets[row &+ 1] &- offsets[row])
    let hash = hashBytes(start, count)
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      let code = Int(slots[slot] &- 1)
      if hashes[code] == hash {
        let first = Int(firstRows[code])
        if Int(offsets[first &+ 1] &- offsets[first]) == count,
          compareBytes(
            UnsafeRawBufferPointer(start: start, count: count),
            UnsafeRawBufferPointer(start: bytes + Int(offsets[first]), count: count)) == 0
        {
          return UInt32(truncatingIfNeeded: code)
        }
      }
      slot = (slot &+ 1) & mask
    }
    guard firstRows.count < limit else { return nil }
    firstRows.append(UInt32(truncatingIfNeeded: row))
    hashes.append(hash)
    slots[slot] = UInt32(truncatingIfNeeded: firstRows.count)
    return UInt32(truncatingIfNeeded: firstRows.count &- 1)
  }
}

/// 64 well-mixed bits of a byte string: eight bytes at a time, multiplied and folded (the scheme of
/// wyhash). Not for anything that is stored.
@inline(__always)
private func hashBytes(_ start: UnsafeRawPointer, _ count: Int) -> UInt64 {
  func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
  var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
  var offset = 0
  while count &- offset >= 8 {
    let word = start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    hash = fold(hash ^ word, 0xA076_1D64_78BD_642F)
    offset &+= 8
  }
  var tail: UInt64 = 0
  while offset < count {
    tail = tail &<< 8 | UInt64(start.load(fromByteOffset: offset, as: UInt8.self))
    offset &+= 1
  }
  return fold(hash ^ tail, 0xE703_7ED1_A0B4_28DB)
}
