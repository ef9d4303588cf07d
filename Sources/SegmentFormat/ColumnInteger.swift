import CKernels

/// An integer as columns hold it, with the bit-packing kernels of its width. Floating-point
/// columns are handled as the integers of their bits where their order does not matter.
protocol ColumnInteger: FixedWidthInteger, SignedInteger, BitwiseCopyable {
  /// Packs the low `width` bits of each value minus `base`.
  static func pack(
    _ values: UnsafePointer<Self>, count: Int, width: Int, base: Self,
    into target: UnsafeMutableRawPointer)
  /// Reads `packedByteCount(count, width)` bytes of `source`; see `pack`.
  static func unpack(
    _ source: UnsafeRawPointer, count: Int, width: Int, base: Self,
    into target: UnsafeMutablePointer<Self>)
  /// Replaces differences by running sums from `start`, modulo the type.
  static func sumPrefixes(_ values: UnsafeMutablePointer<Self>, count: Int, start: Self)
}

extension ColumnInteger {
  static func sumPrefixes(_ values: UnsafeMutablePointer<Self>, count: Int, start: Self) {
    var sum = start
    for index in 0..<count {
      sum &+= values[index]
      values[index] = sum
    }
  }
}

/// Bytes of `count` packed numbers of `width` bits.
func packedByteCount(_ count: Int, width: Int) -> Int { ck_packed_bytes(count, UInt32(width)) }

/// How many bits the unsigned number needs.
func bitCount<T: FixedWidthInteger>(of number: T) -> Int {
  T.bitWidth - number.leadingZeroBitCount
}

extension Int8: ColumnInteger {
  static func pack(
    _ values: UnsafePointer<Int8>, count: Int, width: Int, base: Int8,
    into target: UnsafeMutableRawPointer
  ) {
    values.withMemoryRebound(to: UInt8.self, capacity: count) {
      ck_pack8($0, count, UInt32(width), UInt8(bitPattern: base), target)
    }
  }

  static func unpack(
    _ source: UnsafeRawPointer, count: Int, width: Int, base: Int8,
    into target: UnsafeMutablePointer<Int8>
  ) {
    target.withMemoryRebound(to: UInt8.self, capacity: count) {
      ck_unpack8(source, count, UInt32(width), UInt8(bitPattern: base), $0)
    }
  }
}

extension Int16: ColumnInteger {
  static func pack(
    _ values: UnsafePointer<Int16>, count: Int, width: Int, base: Int16,
    into target: UnsafeMutableRawPointer
  ) {
    values.withMemoryRebound(to: UInt16.self, capacity: count) {
      ck_pack16($0, count, UInt32(width), UInt16(bitPattern: base), target)
    }
  }

  static func unpack(
    _ source: UnsafeRawPointer, count: Int, width: Int, base: Int16,
    into target: UnsafeMutablePointer<Int16>
  ) {
    target.withMemoryRebound(to: UInt16.self, capacity: count) {
      ck_unpack16(source, count, UInt32(width), UInt16(bitPattern: base), $0)
    }
  }
}

extension Int32: ColumnInteger {
  static func sumPrefixes(_ values: UnsafeMutablePointer<Int32>, count: Int, start: Int32) {
    values.withMemoryRebound(to: UInt32.self, capacity: count) {
      SegmentKernels.prefix.sum_u32($0, count, UInt32(bitPattern: start))
    }
  }

  static func pack(
    _ values: UnsafePointer<Int32>, count: Int, width: Int, base: Int32,
    into target: UnsafeMutableRawPointer
  ) {
    values.withMemoryRebound(to: UInt32.self, capacity: count) {
      ck_pack32($0, count, UInt32(width), UInt32(bitPattern: base), target)
    }
  }

  static func unpack(
    _ source: UnsafeRawPointer, count: Int, width: Int, base: Int32,
    into target: UnsafeMutablePointer<Int32>
  ) {
    target.withMemoryRebound(to: UInt32.self, capacity: count) {
      ck_unpack32(source, count, UInt32(width), UInt32(bitPattern: base), $0)
    }
  }
}

extension Int64: ColumnInteger {
  static func sumPrefixes(_ values: UnsafeMutablePointer<Int64>, count: Int, start: Int64) {
    values.withMemoryRebound(to: UInt64.self, capacity: count) {
      SegmentKernels.prefix.sum_u64($0, count, UInt64(bitPattern: start))
    }
  }

  static func pack(
    _ values: UnsafePointer<Int64>, count: Int, width: Int, base: Int64,
    into target: UnsafeMutableRawPointer
  ) {
    values.withMemoryRebound(to: UInt64.self, capacity: count) {
      ck_pack64($0, count, UInt32(width), UInt64(bitPattern: base), target)
    }
  }

  static func unpack(
    _ source: UnsafeRawPointer, count: Int, width: Int, base: Int64,
    into target: UnsafeMutablePointer<Int64>
  ) {
    target.withMemoryRebound(to: UInt64.self, capacity: count) {
      ck_unpack64(source, count, UInt32(width), UInt64(bitPattern: base), $0)
    }
  }
}

extension Int128: ColumnInteger {
  /// Offsets are at most 64 bits wide and go through the 64-bit kernels a block at a time.
  static func pack(
    _ values: UnsafePointer<Int128>, count: Int, width: Int, base: Int128,
    into target: UnsafeMutableRawPointer
  ) {
    let block = Int(CK_BITPACK_BLOCK)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: block) { offsets in
      var start = 0
      var target = target
      while start < count {
        let rows = Swift.min(block, count - start)
        for row in 0..<rows {
          offsets[row] = UInt64(truncatingIfNeeded: values[start &+ row] &- base)
        }
        ck_pack64(offsets.baseAddress, rows, UInt32(width), 0, target)
        target += packedByteCount(rows, width: width)
        start += rows
      }
    }
  }

  static func unpack(
    _ source: UnsafeRawPointer, count: Int, width: Int, base: Int128,
    into target: UnsafeMutablePointer<Int128>
  ) {
    let block = Int(CK_BITPACK_BLOCK)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: block) { offsets in
      var start = 0
      var source = source
      while start < count {
        let rows = Swift.min(block, count - start)
        ck_unpack64(source, rows, UInt32(width), 0, offsets.baseAddress)
        for row in 0..<rows { target[start &+ row] = base &+ Int128(offsets[row]) }
        source += packedByteCount(rows, width: width)
        start += rows
      }
    }
  }
}
