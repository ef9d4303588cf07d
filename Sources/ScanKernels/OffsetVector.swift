import CKernels
import StorageBase

/// Integers as unsigned offsets from a base, in lanes of one, two or four bytes: value `i` is
/// `base + factor * lane[i]`. What a page packed in few bits decodes to with the least work, and
/// what filters and sums run on at the speed of narrow lanes. Immutable and thread-safe.
public struct OffsetVector: Sendable {
  /// Bytes of a lane.
  public enum LaneWidth: Int, Sendable {
    case one = 1
    case two = 2
    case four = 4

    /// The narrowest lane for numbers of so many bits; nil above 32.
    public init?(bits: Int) {
      switch bits {
      case 0...8: self = .one
      case 9...16: self = .two
      case 17...32: self = .four
      default: return nil
      }
    }
  }

  public let lanes: AlignedBuffer
  public let laneWidth: LaneWidth
  public let base: Int64
  /// Positive.
  public let factor: Int64
  /// No lane is greater.
  public let laneMax: UInt32

  /// Nil when a value may not fit 64 bits.
  /// - Precondition: no lane is greater than `laneMax`, and `factor` is positive.
  public init?(
    lanes: AlignedBuffer, laneWidth: LaneWidth, base: Int64, factor: Int64 = 1, laneMax: UInt32
  ) {
    precondition(factor > 0, "a factor of \(factor)")
    let (span, isWide) = factor.multipliedReportingOverflow(by: Int64(laneMax))
    guard !isWide, !base.addingReportingOverflow(span).overflow else { return nil }
    self.lanes = lanes
    self.laneWidth = laneWidth
    self.base = base
    self.factor = factor
    self.laneMax = laneMax
  }

  /// All values lie in it.
  public var range: ClosedRange<Int64> { base...base + factor * Int64(laneMax) }

  /// The lanes whose values lie in a range; nil when there can be none.
  func lanes(in range: ClosedRange<Int128>) -> ClosedRange<UInt32>? {
    let (base, factor) = (Int128(base), Int128(factor))
    let (below, above) = (range.lowerBound - base, range.upperBound - base)
    guard above >= 0 else { return nil }
    let low = below <= 0 ? 0 : (below + factor - 1) / factor
    let high = min(above / factor, Int128(laneMax))
    return low <= high ? UInt32(low)...UInt32(high) : nil
  }

  /// One value; for results and tests, not for loops over rows.
  public subscript(row: Int) -> Int64 {
    let lane: Int64
    switch laneWidth {
    case .one: lane = Int64(lanes.values(as: UInt8.self)[row])
    case .two: lane = Int64(lanes.values(as: UInt16.self)[row])
    case .four: lane = Int64(lanes.values(as: UInt32.self)[row])
    }
    return base + factor * lane
  }

  func gather(_ rows: UnsafeBufferPointer<UInt32>) -> OffsetVector {
    let gathered: AlignedBuffer
    switch laneWidth {
    case .one: gathered = ColumnVector.gather(lanes, rows, UInt8.self)
    case .two: gathered = ColumnVector.gather(lanes, rows, UInt16.self)
    case .four: gathered = ColumnVector.gather(lanes, rows, UInt32.self)
    }
    return OffsetVector(replacingLanesOf: self, by: gathered)
  }

  private init(replacingLanesOf other: OffsetVector, by lanes: AlignedBuffer) {
    self.lanes = lanes
    laneWidth = other.laneWidth
    base = other.base
    factor = other.factor
    laneMax = other.laneMax
  }
}

extension OffsetVector {
  /// `value * scale + offset` of the first `count` values, modulo 2^64.
  func write(
    count: Int, scale: Int64 = 1, offset: Int64 = 0, into out: UnsafeMutablePointer<UInt64>
  ) {
    let kernels = KernelTable.current.arithmetic
    let scaled = UInt64(bitPattern: factor &* scale)
    let shifted = UInt64(bitPattern: base &* scale &+ offset)
    switch laneWidth {
    case .one:
      kernels.affine_u8_u64(
        lanes.values(as: UInt8.self).baseAddress, count, scaled, shifted, out)
    case .two:
      kernels.affine_u16_u64(
        lanes.values(as: UInt16.self).baseAddress, count, scaled, shifted, out)
    case .four:
      kernels.affine_u32_u64(
        lanes.values(as: UInt32.self).baseAddress, count, scaled, shifted, out)
    }
  }

  /// The same modulo 2^32.
  func write(
    count: Int, scale: Int64 = 1, offset: Int64 = 0, into out: UnsafeMutablePointer<UInt32>
  ) {
    let kernels = KernelTable.current.arithmetic
    let scaled = UInt32(truncatingIfNeeded: factor &* scale)
    let shifted = UInt32(truncatingIfNeeded: base &* scale &+ offset)
    switch laneWidth {
    case .one:
      kernels.affine_u8_u32(
        lanes.values(as: UInt8.self).baseAddress, count, scaled, shifted, out)
    case .two:
      kernels.affine_u16_u32(
        lanes.values(as: UInt16.self).baseAddress, count, scaled, shifted, out)
    case .four:
      kernels.affine_u32_u32(
        lanes.values(as: UInt32.self).baseAddress, count, scaled, shifted, out)
    }
  }
}

extension ColumnVector {
  /// Whether the body is one of those that only readers of narrow vectors take.
  public var isNarrow: Bool {
    switch body {
    case .fixed, .strings, .coded: false
    case .offsets, .byteCoded: true
    }
  }

  /// The same rows in the form that every reader understands: neither `offsets` nor `byteCoded`.
  public func widened() -> ColumnVector {
    switch body {
    case .fixed, .strings, .coded: return self
    case .byteCoded(let codes, let dictionary):
      let wide = AlignedBuffer(byteCount: count * 4)
      if let out = wide.mutableValues(as: UInt32.self).baseAddress {
        KernelTable.current.arithmetic.affine_u8_u32(
          codes.values(as: UInt8.self).baseAddress, count, 1, 0, out)
      }
      return ColumnVector(
        type: type, count: count, body: .coded(codes: wide, dictionary: dictionary), nulls: nulls)
    case .offsets(let offsets):
      return ColumnVector(
        type: type, count: count, body: .fixed(offsets.values(as: type.physical, count: count)),
        nulls: nulls)
    }
  }
}

extension OffsetVector {
  fileprivate func values(as physical: PhysicalType, count: Int) -> AlignedBuffer {
    let buffer = AlignedBuffer(byteCount: count * physical.width)
    switch physical {
    case .int64:
      if let out = buffer.mutableValues(as: UInt64.self).baseAddress {
        write(count: count, into: out)
      }
    case .int32:
      if let out = buffer.mutableValues(as: UInt32.self).baseAddress {
        write(count: count, into: out)
      }
    case .int16:
      let out = buffer.mutableValues(as: Int16.self)
      for row in 0..<count { out[row] = Int16(truncatingIfNeeded: self[row]) }
    case .int8:
      let out = buffer.mutableValues(as: Int8.self)
      for row in 0..<count { out[row] = Int8(truncatingIfNeeded: self[row]) }
    case .int128:
      let out = buffer.mutableValues(as: Int128.self)
      for row in 0..<count { out[row] = Int128(self[row]) }
    case .float32, .float64, .bytes: preconditionFailure("offsets of \(physical)")
    }
    return buffer
  }
}
