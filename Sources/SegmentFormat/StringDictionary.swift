import StorageBase

/// The distinct strings of a page, found through an open-addressing hash table whose memory is
/// reused. Not thread-safe.
final class StringDictionary {
  private let slots = ByteBuffer()
  private let codeBuffer = ByteBuffer()
  private let entryBuffer = ByteBuffer()
  private(set) var count = 0
  /// Bytes of the distinct strings.
  private(set) var byteCount = 0

  /// A code per row.
  var codes: UnsafePointer<UInt32> {
    UnsafePointer(codeBuffer.base.assumingMemoryBound(to: UInt32.self))
  }

  /// For each distinct string the first row that has it.
  var entryRows: UnsafePointer<UInt32> {
    UnsafePointer(entryBuffer.base.assumingMemoryBound(to: UInt32.self))
  }

  /// Rows after which a page of mostly distinct strings is given up.
  private static let sampleRowCount = 512

  /// Numbers the distinct strings in order of appearance.
  ///
  /// Returns false as soon as there are too many for a dictionary to pay: more than three
  /// quarters of the first rows, or more than half of all.
  func build(
    offsets: UnsafePointer<UInt32>, bytes: UnsafeRawPointer, rowCount: Int
  ) -> Bool {
    count = 0
    byteCount = 0
    let limit = max(2, rowCount / 2)
    let slotCount = 1 << bitCount(of: limit * 2)
    let mask = slotCount - 1
    let table = slots.array(of: UInt64.self, count: slotCount)
    table.initialize(repeating: 0, count: slotCount)
    let codes = codeBuffer.array(of: UInt32.self, count: rowCount)
    let entries = entryBuffer.array(of: UInt32.self, count: limit)
    for row in 0..<rowCount {
      if row == Self.sampleRowCount && count > Self.sampleRowCount / 4 * 3 { return false }
      let start = bytes + Int(offsets[row])
      let length = Int(offsets[row &+ 1] &- offsets[row])
      let hash = hashBytes(start, length)
      let tag = hash >> 32
      var slot = Int(truncatingIfNeeded: hash) & mask
      while true {
        let entry = table[slot]
        if entry == 0 {
          if count == limit { return false }
          table[slot] = tag << 32 | UInt64(count &+ 1)
          entries[count] = UInt32(truncatingIfNeeded: row)
          codes[row] = UInt32(truncatingIfNeeded: count)
          count &+= 1
          byteCount &+= length
          break
        }
        if entry >> 32 == tag {
          let code = UInt32(truncatingIfNeeded: entry) &- 1
          let other = Int(entries[Int(code)])
          let otherLength = Int(offsets[other &+ 1] &- offsets[other])
          if length == otherLength, equalBytes(start, bytes + Int(offsets[other]), length) {
            codes[row] = code
            break
          }
        }
        slot = (slot &+ 1) & mask
      }
    }
    return true
  }
}

/// A 64-bit hash of bytes, for tables in memory only: multiply and fold, eight bytes at a time.
@inline(__always) private func hashBytes(_ start: UnsafeRawPointer, _ count: Int) -> UInt64 {
  var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
  var offset = 0
  while count &- offset >= 8 {
    let word = start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    hash = (hash ^ word) &* 0xBF58_476D_1CE4_E5B9
    hash ^= hash >> 32
    offset &+= 8
  }
  var rest: UInt64 = 0
  while offset < count {
    rest = rest << 8 | UInt64(start.load(fromByteOffset: offset, as: UInt8.self))
    offset &+= 1
  }
  return mixBits(hash ^ rest)
}

@inline(__always)
private func equalBytes(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int) -> Bool {
  var offset = 0
  while count &- offset >= 8 {
    let left = a.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    if left != b.loadUnaligned(fromByteOffset: offset, as: UInt64.self) { return false }
    offset &+= 8
  }
  while offset < count {
    let left = a.load(fromByteOffset: offset, as: UInt8.self)
    if left != b.load(fromByteOffset: offset, as: UInt8.self) { return false }
    offset &+= 1
  }
  return true
}
