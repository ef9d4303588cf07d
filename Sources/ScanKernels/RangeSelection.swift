import CKernels
import StorageBase

/// Which rows of a fixed-width vector have a value in some ranges of ranks. Values of null rows
/// count like others; the caller drops those rows.
struct RangeSelection {
  /// More ranges than this are searched row by row instead of one kernel pass each.
  private static let passCountMax = 8

  private var kernels: ck_filter_table { KernelTable.current.filter }

  func rows(of vector: ColumnVector, in ranges: RankRanges) -> Bitmap {
    // The fewer ranges the better, and only a set without NaN can be asked of the kernels.
    let isInverted = ranges.ranges.count > ranges.gaps.count || holdsNaN(ranges, vector.type)
    let asked = isInverted ? ranges.gaps : ranges.ranges
    let selection: Bitmap
    if asked.count > Self.passCountMax {
      selection = searchedRows(of: vector.widened(), in: asked)
    } else if case .offsets(let offsets) = vector.body {
      selection = union(asked, count: vector.count) { range, target in
        guard let lanes = offsets.lanes(in: range) else {
          return target.mutableWords.update(repeating: 0)
        }
        select(offsets, count: vector.count, lanes, into: target)
      }
    } else if vector.type.physical == .int128 {
      selection = searchedRows(of: vector, in: asked)
    } else {
      selection = union(asked, count: vector.count) { select(vector, $0, into: $1) }
    }
    if isInverted { selection.invert() }
    return selection
  }

  /// The rows in any of the ranges, each selected by a pass of its own.
  private func union(
    _ ranges: [ClosedRange<Int128>], count: Int, _ select: (ClosedRange<Int128>, Bitmap) -> Void
  ) -> Bitmap {
    guard let first = ranges.first else { return Bitmap(count: count) }
    // A pass sets every word.
    let selection = Bitmap(unsetCount: count)
    select(first, selection)
    for range in ranges.dropFirst() {
      let target = Bitmap(unsetCount: count)
      select(range, target)
      selection.formUnion(target)
    }
    return selection
  }

  private func select(
    _ offsets: OffsetVector, count: Int, _ range: ClosedRange<UInt32>, into target: Bitmap
  ) {
    let words = target.mutableWords.baseAddress
    let (low, high) = (range.lowerBound, range.upperBound)
    switch offsets.laneWidth {
    case .one:
      let lanes = offsets.lanes.values(as: UInt8.self).baseAddress
      kernels.range_u8(lanes, count, UInt8(low), UInt8(high), words)
    case .two:
      let lanes = offsets.lanes.values(as: UInt16.self).baseAddress
      kernels.range_u16(lanes, count, UInt16(low), UInt16(high), words)
    case .four:
      let lanes = offsets.lanes.values(as: UInt32.self).baseAddress
      kernels.range_u32(lanes, count, low, high, words)
    }
  }

  private func holdsNaN(_ ranges: RankRanges, _ type: DataType) -> Bool {
    guard type == .float || type == .double else { return false }
    return ranges.ranges.last?.upperBound == ranges.domain.upperBound
  }

  /// - Precondition: the range is in the domain of the vector's type and without NaN.
  private func select(_ vector: ColumnVector, _ range: ClosedRange<Int128>, into target: Bitmap) {
    let (low, high) = (Int64(range.lowerBound), Int64(range.upperBound))
    let (count, words) = (vector.count, target.mutableWords.baseAddress)
    switch vector.type.physical {
    case .int8:
      kernels.range_i8(
        vector.values(as: Int8.self).baseAddress, count, Int8(low), Int8(high), words)
    case .int16:
      kernels.range_i16(
        vector.values(as: Int16.self).baseAddress, count, Int16(low), Int16(high), words)
    case .int32:
      kernels.range_i32(
        vector.values(as: Int32.self).baseAddress, count, Int32(low), Int32(high), words)
    case .int64:
      kernels.range_i64(vector.values(as: Int64.self).baseAddress, count, low, high, words)
    case .float32:
      kernels.range_f32(
        vector.values(as: Float.self).baseAddress, count, ValueRank.float(low),
        ValueRank.float(high), words)
    case .float64:
      kernels.range_f64(
        vector.values(as: Double.self).baseAddress, count, ValueRank.double(low),
        ValueRank.double(high), words)
    case .int128, .bytes: preconditionFailure("no kernel for \(vector.type)")
    }
  }

  private func searchedRows(of vector: ColumnVector, in ranges: [ClosedRange<Int128>]) -> Bitmap {
    switch vector.type.physical {
    case .int8: search(vector.values(as: Int8.self), ranges) { Int64($0) }
    case .int16: search(vector.values(as: Int16.self), ranges) { Int64($0) }
    case .int32: search(vector.values(as: Int32.self), ranges) { Int64($0) }
    case .int64: search(vector.values(as: Int64.self), ranges) { $0 }
    case .int128: search(vector.values(as: Int128.self), ranges) { $0 }
    case .float32: search(vector.values(as: Float.self), ranges) { ValueRank.of($0) }
    case .float64: search(vector.values(as: Double.self), ranges) { ValueRank.of($0) }
    case .bytes: preconditionFailure("no ranks for \(vector.type)")
    }
  }

  /// Branch-free binary search of each rank among the lower bounds.
  @inline(__always)
  private func search<T: BitwiseCopyable, Rank: FixedWidthInteger>(
    _ values: UnsafeBufferPointer<T>, _ ranges: [ClosedRange<Int128>], rank: (T) -> Rank
  ) -> Bitmap {
    let selection = Bitmap(count: values.count)
    let lowers = ranges.map { Rank($0.lowerBound) }
    let uppers = ranges.map { Rank($0.upperBound) }
    let words = selection.mutableWords
    lowers.withUnsafeBufferPointer { lowers in
      uppers.withUnsafeBufferPointer { uppers in
        guard let first = lowers.first else { return }
        for row in 0..<values.count {
          let rank = rank(values[row])
          var (base, size) = (0, lowers.count)
          while size > 1 {
            let half = size &>> 1
            base = lowers[base &+ half] <= rank ? base &+ half : base
            size &-= half
          }
          let isInside = first <= rank && lowers[base] <= rank && rank <= uppers[base]
          words[row &>> 6] |= (isInside ? 1 : 0) &<< UInt64(truncatingIfNeeded: row & 63)
        }
      }
    }
    return selection
  }
}
