import ScanKernels
import StorageBase

/// The distinct integers of a page; the counterpart of `StringDictionary`. Not thread-safe.
final class IntegerDictionary {
  private let slots = ByteBuffer()
  private let codeBuffer = ByteBuffer()
  private let entryBuffer = ByteBuffer()
  private(set) var count = 0

  /// A code per row.
  var codes: UnsafePointer<UInt32> {
    UnsafePointer(codeBuffer.base.assumingMemoryBound(to: UInt32.self))
  }

  func entries<T: ColumnInteger>(as type: T.Type) -> UnsafePointer<T> {
    UnsafePointer(entryBuffer.base.assumingMemoryBound(to: T.self))
  }

  private static let sampleRowCount = 256

  /// Numbers the distinct values in order of appearance; false as soon as there are more than a
  /// quarter of the first rows, or more than an eighth of all.
  func build<T: ColumnInteger>(_ values: UnsafePointer<T>, rowCount: Int) -> Bool {
    count = 0
    let limit = max(2, rowCount / 8)
    let slotCount = 1 << bitCount(of: limit * 2)
    let mask = slotCount - 1
    let table = slots.array(of: UInt32.self, count: slotCount)
    table.initialize(repeating: 0, count: slotCount)
    let codes = codeBuffer.array(of: UInt32.self, count: rowCount)
    let entries = entryBuffer.array(of: T.self, count: limit)
    for row in 0..<rowCount {
      if row == Self.sampleRowCount && count > Self.sampleRowCount / 4 { return false }
      let value = values[row]
      let high = T.bitWidth > 64 ? UInt64(truncatingIfNeeded: value >> 64) : 0
      let low = UInt64(truncatingIfNeeded: value)
      var slot = Int(truncatingIfNeeded: mixBits(low ^ (high &* 0x9E37_79B9_7F4A_7C15))) & mask
      while true {
        let entry = table[slot]
        if entry == 0 {
          if count == limit { return false }
          entries[count] = value
          codes[row] = UInt32(truncatingIfNeeded: count)
          count &+= 1
          table[slot] = UInt32(truncatingIfNeeded: count)
          break
        }
        if entries[Int(entry &- 1)] == value {
          codes[row] = entry &- 1
          break
        }
        slot = (slot &+ 1) & mask
      }
    }
    return true
  }
}
