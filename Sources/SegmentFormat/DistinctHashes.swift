/// Some 64-bit hashes, each once: a table of open addressing, which the hashes index themselves.
/// Not thread-safe.
struct DistinctHashes {
  private var slots = [UInt64](repeating: 0, count: 64)
  private var hasZero = false
  private var occupied = 0

  var count: Int { occupied + (hasZero ? 1 : 0) }

  /// Amortised O(1).
  mutating func insert(_ hash: UInt64) {
    guard hash != 0 else {
      hasZero = true
      return
    }
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      if slots[slot] == hash { return }
      slot = (slot &+ 1) & mask
    }
    slots[slot] = hash
    occupied += 1
    if occupied * 2 > slots.count { grow() }
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt64](repeating: 0, count: old.count * 2)
    let mask = slots.count - 1
    for hash in old where hash != 0 {
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] != 0 { slot = (slot &+ 1) & mask }
      slots[slot] = hash
    }
  }

  func visit(_ body: (UInt64) -> Void) {
    if hasZero { body(0) }
    for hash in slots where hash != 0 { body(hash) }
  }
}
