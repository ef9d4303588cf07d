import StorageBase

/// An exact sum of 128-bit integers: `low` modulo 2^128 and how often it wrapped, so the order of
/// additions does not matter and nothing is lost on the way to a total that fits.
struct WideTotal {
  private(set) var low: Int128 = 0
  private(set) var wraps: Int64 = 0

  @inline(__always)
  mutating func add(_ value: Int128) {
    let (sum, overflow) = low.addingReportingOverflow(value)
    low = sum
    if overflow { wraps &+= value < 0 ? -1 : 1 }
  }

  mutating func add(_ other: WideTotal) {
    add(other.low)
    wraps += other.wraps
  }

  /// The total; nil when it needs more than 128 bits.
  var exact: Int128? { wraps == 0 ? low : nil }

  var approximate: Double { Double(low) + Double(wraps) * 0x1p128 }
}
