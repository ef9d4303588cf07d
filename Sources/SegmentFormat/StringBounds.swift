import ScanKernels

/// The least and greatest of the strings added, by their bytes; they must outlive it.
struct StringBounds {
  private var low: UnsafeRawBufferPointer?
  private var high: UnsafeRawBufferPointer?
  private var lowPrefix: UInt64 = 0
  private var highPrefix: UInt64 = 0

  mutating func add(_ string: UnsafeRawBufferPointer) {
    let prefix = StringBounds.prefix(of: string)
    guard let least = low, let greatest = high else {
      low = string
      high = string
      lowPrefix = prefix
      highPrefix = prefix
      return
    }
    if prefix < lowPrefix || prefix == lowPrefix && precedes(string, least) {
      low = string
      lowPrefix = prefix
    } else if prefix > highPrefix || prefix == highPrefix && precedes(greatest, string) {
      high = string
      highPrefix = prefix
    }
  }

  func zoneMap(nullCount: Int, rowCount: Int) -> ZoneMap {
    guard let low, let high else { return ZoneMap(allNull: rowCount) }
    return ZoneMap(strings: low, high, nullCount: nullCount, rowCount: rowCount)
  }

  /// The first eight bytes as a number that orders like them.
  private static func prefix(of string: UnsafeRawBufferPointer) -> UInt64 {
    if string.count >= 8 {
      return UInt64(bigEndian: string.loadUnaligned(as: UInt64.self))
    }
    var word: UInt64 = 0
    for index in 0..<string.count { word |= UInt64(string[index]) << UInt64(56 &- 8 &* index) }
    return word
  }

  private func precedes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    compareBytes(a, b) < 0
  }
}
