import StorageBase

/// Gives equal byte strings equal numbers, 1, 2, 3, … in the order met. Not thread-safe.
///
/// An open-addressing table of numbers over one heap of bytes; amortised O(length) per string.
package struct StringInterner {
  private var offsets: [Int] = [0]
  private var heap: [UInt8] = []
  private var hashes: [UInt64] = []
  private var slots: [UInt32] = Array(repeating: 0, count: 16)

  package var count: Int { hashes.count }

  package init() {}

  /// Bytes of memory that the strings and the table take.
  var byteCount: Int { heap.count + (offsets.count + hashes.count) * 8 + slots.count * 4 }

  /// - Precondition: `number` was given out.
  package func string(_ number: UInt32) -> [UInt8] {
    Array(heap[offsets[Int(number) - 1]..<offsets[Int(number)]])
  }

  package mutating func number(of string: UnsafeRawBufferPointer) -> UInt32 {
    let hash = hashBytes(string)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let ordinal = Int(slots[slot]) - 1
      if hashes[ordinal] == hash && isEqual(string, ordinal) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    heap.append(contentsOf: string)
    offsets.append(heap.count)
    hashes.append(hash)
    let number = UInt32(hashes.count)
    slots[slot] = number
    if hashes.count * 2 > slots.count { grow() }
    return number
  }

  private func isEqual(_ string: UnsafeRawBufferPointer, _ ordinal: Int) -> Bool {
    let (start, end) = (offsets[ordinal], offsets[ordinal + 1])
    guard end - start == string.count else { return false }
    return heap.withUnsafeBytes {
      compareBytes(string, UnsafeRawBufferPointer(rebasing: $0[start..<end])) == 0
    }
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 2)
    for (ordinal, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(ordinal + 1)
    }
  }
}
