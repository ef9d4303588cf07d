import ScanKernels
import StorageBase

/// Integers whose range needs more than 64 bits: a base, and the high and the low halves of the
/// offsets from it as two integer blocks of 64-bit values.
enum SplitBlock {
  /// An upper bound: the low halves may turn out to be narrower.
  static func byteCount(count: Int, min: Int128, max: Int128) -> Int {
    let high = UInt64(truncatingIfNeeded: UInt128(bitPattern: max &- min) >> 64)
    let width = bitCount(of: high)
    return 16 + IntegerBlock.byteCount(Int64.self, count: count, width: width < 64 ? width : nil)
      + IntegerBlock.byteCount(Int64.self, count: count, width: nil)
  }

  static func append(
    _ values: UnsafePointer<Int128>, count: Int, min: Int128, max: Int128, lows: ByteBuffer,
    highs: ByteBuffer, to out: ByteBuffer
  ) {
    let low = lows.array(of: Int64.self, count: count)
    let high = highs.array(of: Int64.self, count: count)
    var bounds = (low: (Int64.max, Int64.min), high: (Int64.max, Int64.min))
    for row in 0..<count {
      let offset = UInt128(bitPattern: values[row] &- min)
      low[row] = Int64(truncatingIfNeeded: offset)
      high[row] = Int64(truncatingIfNeeded: offset >> 64)
      bounds.low = (Swift.min(bounds.low.0, low[row]), Swift.max(bounds.low.1, low[row]))
      bounds.high = (Swift.min(bounds.high.0, high[row]), Swift.max(bounds.high.1, high[row]))
    }
    out.append(min)
    IntegerBlock.append(
      UnsafePointer(high), count: count, min: bounds.high.0, max: bounds.high.1, to: out)
    IntegerBlock.append(
      UnsafePointer(low), count: count, min: bounds.low.0, max: bounds.low.1, to: out)
  }

  static func read(
    _ reader: inout ByteReader, count: Int, into target: UnsafeMutablePointer<Int128>
  ) throws {
    let base = try reader.read(Int128.self, "split block base")
    try withUnsafeTemporaryAllocation(of: Int64.self, capacity: 2 * count) { halves in
      guard let high = halves.baseAddress else { return }
      let low = high + count
      try IntegerBlock.read(&reader, count: count, into: high)
      try IntegerBlock.read(&reader, count: count, into: low)
      for row in 0..<count {
        let offset = Int128(high[row]) << 64 | Int128(UInt64(bitPattern: low[row]))
        target[row] = base &+ offset
      }
    }
  }
}
