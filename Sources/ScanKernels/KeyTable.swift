import CKernels
import StorageBase

/// Numbers distinct keys of some 64-bit words 0, 1, 2, … in the order met. Not thread-safe.
///
/// An open-addressing table with linear probing, at most half full, whose slots hold 32 bits of the
/// hash beside the number, so that a key is compared almost only with its equal. Keys are looked up
/// a page at a time: all hashes first, then each slot and each key is asked for some rows before
/// its turn, so that a table larger than the caches waits for many memory accesses at once. After
/// "Improving Hash Join Performance through Prefetching" (Chen, Ailamaki, Gibbons, Mowry, ICDE
/// 2004).
final class KeyTable {
  private static let slotCountMin = 64
  /// Rows between asking for a slot and reading it; a key is asked for half as far ahead.
  private static let prefetchDistance = 16

  let wordCount: Int
  private(set) var count = 0
  private var keys: UnsafeMutablePointer<UInt64>
  private var keyCapacity = 16
  /// `hash high bits << 32 | number + 1`; 0 when empty.
  private var slots: UnsafeMutableBufferPointer<UInt64>
  /// Of the page at hand.
  private var hashes: [UInt64] = []

  init(wordCount: Int) {
    self.wordCount = wordCount
    keys = .allocate(capacity: keyCapacity * wordCount)
    slots = .allocate(capacity: 0)
  }

  deinit {
    keys.deallocate()
    slots.deallocate()
  }

  /// Whether keys can be looked up.
  var isIndexed: Bool { !slots.isEmpty }

  /// The words of a key; valid until another one is added.
  func key(_ number: Int) -> UnsafePointer<UInt64> { UnsafePointer(keys + number &* wordCount) }

  /// Adds a key that is known to be new, and cannot be looked up.
  /// - Precondition: the table is not indexed.
  func append(_ key: UnsafePointer<UInt64>) -> Int {
    precondition(!isIndexed, "a key that cannot be found among those that can")
    reserve(count + 1)
    return add(key)
  }

  /// Makes the keys so far, and all to come, findable.
  func index() { rehash(for: count) }

  @inline(__always) private func add(_ key: UnsafePointer<UInt64>) -> Int {
    (keys + count &* wordCount).update(from: key, count: wordCount)
    count &+= 1
    return count &- 1
  }

  /// The number of a key, a new one if it has none.
  /// - Precondition: the table is indexed.
  func number(of key: UnsafePointer<UInt64>) -> UInt32 {
    makeRoom(for: 1)
    return number(of: key, hash: hash(key))
  }

  /// The number of each of the keys that lie one after another; new ones are given to those not met
  /// before.
  /// - Precondition: the table is indexed.
  func numbers(
    of packed: UnsafePointer<UInt64>, into numbers: UnsafeMutableBufferPointer<UInt32>
  ) {
    makeRoom(for: numbers.count)
    if hashes.count < numbers.count { hashes = Array(repeating: 0, count: numbers.count) }
    hashes.withUnsafeMutableBufferPointer { hashes in
      for row in 0..<numbers.count { hashes[row] = hash(packed + row &* wordCount) }
      let distance = Self.prefetchDistance
      let mask = slots.count &- 1
      for row in 0..<numbers.count {
        if row &+ distance < numbers.count {
          let ahead = Int(truncatingIfNeeded: hashes[row &+ distance]) & mask
          ck_prefetch(slots.baseAddress! + ahead)
          let near = slots[Int(truncatingIfNeeded: hashes[row &+ distance / 2]) & mask]
          ck_prefetch(keys + (Int(truncatingIfNeeded: near & 0xFFFF_FFFF) &- 1) &* wordCount)
        }
        numbers[row] = number(of: packed + row &* wordCount, hash: hashes[row])
      }
    }
  }

  @inline(__always) private func hash(_ key: UnsafePointer<UInt64>) -> UInt64 {
    var hash = mixBits(key[0])
    var word = 1
    while word < wordCount {
      hash = mixBits(hash ^ key[word])
      word &+= 1
    }
    return hash
  }

  /// - Precondition: there is room for another key.
  @inline(__always)
  private func number(of key: UnsafePointer<UInt64>, hash: UInt64) -> UInt32 {
    let (mask, tag) = (slots.count &- 1, hash &>> 32)
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let entry = slots[slot]
      if entry == 0 { break }
      if entry &>> 32 == tag {
        let number = Int(truncatingIfNeeded: entry & 0xFFFF_FFFF) &- 1
        let other = keys + number &* wordCount
        var (word, isEqual) = (0, true)
        while word < wordCount {
          isEqual = isEqual && other[word] == key[word]
          word &+= 1
        }
        if isEqual { return UInt32(truncatingIfNeeded: number) }
      }
      slot = (slot &+ 1) & mask
    }
    let number = add(key)
    slots[slot] = tag &<< 32 | UInt64(truncatingIfNeeded: number &+ 1)
    return UInt32(truncatingIfNeeded: number)
  }

  /// Makes sure that so many more keys fit without moving anything.
  private func makeRoom(for more: Int) {
    reserve(count + more)
    if (count + more) * 2 > slots.count { rehash(for: count + more) }
  }

  private func reserve(_ needed: Int) {
    guard needed > keyCapacity else { return }
    keyCapacity = max(needed, keyCapacity * 2)
    let moved = UnsafeMutablePointer<UInt64>.allocate(capacity: keyCapacity * wordCount)
    moved.update(from: keys, count: count * wordCount)
    keys.deallocate()
    keys = moved
  }

  private func rehash(for needed: Int) {
    var slotCount = max(slots.count, Self.slotCountMin)
    while needed * 2 > slotCount { slotCount *= 2 }
    slots.deallocate()
    slots = .allocate(capacity: slotCount)
    slots.initialize(repeating: 0)
    let (mask, distance) = (slotCount - 1, Self.prefetchDistance)
    for number in 0..<count {
      if number &+ distance < count {
        let ahead = hash(keys + (number &+ distance) &* wordCount)
        ck_prefetch(slots.baseAddress! + (Int(truncatingIfNeeded: ahead) & mask))
      }
      let hash = hash(keys + number &* wordCount)
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] != 0 { slot = (slot &+ 1) & mask }
      slots[slot] = (hash &>> 32) &<< 32 | UInt64(truncatingIfNeeded: number &+ 1)
    }
  }
}
