import CKernels
import StorageBase

/// SUM and AVG of integers of up to 64 bits. Sums run in 64 bits and move to a 128-bit total when
/// they would overflow, so no sum wraps and the hot loop stays narrow.
final class IntegerSumState: AggregateState {
  private var sums: [Int64] = []
  /// How many rows each sum is of; empty when that is not asked for.
  private var counts: [Int64] = []
  private let countsRows: Bool
  private var spilled: [Int: WideTotal] = [:]

  /// - Parameter countsRows: false when every group has a row that is not null and nothing but the
  ///   sum is asked for; then `count` must not be called.
  init(countsRows: Bool) { self.countsRows = countsRows }

  func reserve(groupCount: Int) {
    sums.append(contentsOf: repeatElement(0, count: max(0, groupCount - sums.count)))
    guard countsRows else { return }
    counts.append(contentsOf: repeatElement(0, count: max(0, groupCount - counts.count)))
  }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    let present = Bitmap.present(selection, vector.nulls)
    let count = present?.setCount ?? rowCount
    // A null row holds zero, so it may be added.
    let words = selection?.words.baseAddress
    add(Self.sum(of: vector, rowCount: rowCount, count: count, words), count: count, to: group)
  }

  /// - Parameter count: how many rows `words` selects.
  private static func sum(
    of vector: ColumnVector, rowCount: Int, count: Int, _ words: UnsafePointer<UInt64>?
  ) -> Int128 {
    let kernels = KernelTable.current.aggregate
    if case .offsets(let offsets) = vector.body {
      let lanes = offsets.lanes
      let sum =
        switch offsets.laneWidth {
        case .one: kernels.sum_u8(lanes.values(as: UInt8.self).baseAddress, rowCount, words)
        case .two: kernels.sum_u16(lanes.values(as: UInt16.self).baseAddress, rowCount, words)
        case .four: kernels.sum_u32(lanes.values(as: UInt32.self).baseAddress, rowCount, words)
        }
      return offsets.total(ofLanes: sum, count: count)
    }
    let sum: Int128
    switch vector.type.physical {
    case .int8:
      sum = Int128(kernels.sum_i8(vector.values(as: Int8.self).baseAddress, rowCount, words))
    case .int16:
      sum = Int128(kernels.sum_i16(vector.values(as: Int16.self).baseAddress, rowCount, words))
    case .int32:
      sum = Int128(kernels.sum_i32(vector.values(as: Int32.self).baseAddress, rowCount, words))
    case .int64:
      let parts = kernels.sum_i64(vector.values(as: Int64.self).baseAddress, rowCount, words)
      sum = Int128(parts.high) << 32 + Int128(parts.low)
    case .int128, .float32, .float64, .bytes:
      preconditionFailure("no 64-bit sum of \(vector.type)")
    }
    return sum
  }

  private func add(_ sum: Int128, count: Int, to group: Int) {
    if countsRows { counts[group] += Int64(count) }
    let total = Int128(sums[group]) + sum
    if let narrow = Int64(exactly: total) {
      sums[group] = narrow
    } else {
      sums[group] = 0
      spilled[group, default: WideTotal()].add(total)
    }
  }

  var takesOffsets: Bool { true }

  func add(_ vector: ColumnVector?, to groups: ByteGroups) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    let isAdded =
      vector.nulls == nil
      && groups.forEachSum(of: vector) { group, sum, count in add(sum, count: count, to: group) }
    if !isAdded { addWidened(vector, to: groups) }
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    if case .offsets(let offsets) = vector.body {
      let (base, factor) = (offsets.base, offsets.factor)
      switch offsets.laneWidth {
      case .one:
        add(offsets.lanes.values(as: UInt8.self), nil, rows, groups) { base &+ factor &* Int64($0) }
      case .two:
        add(offsets.lanes.values(as: UInt16.self), nil, rows, groups) {
          base &+ factor &* Int64($0)
        }
      case .four:
        add(offsets.lanes.values(as: UInt32.self), nil, rows, groups) {
          base &+ factor &* Int64($0)
        }
      }
      return
    }
    switch vector.type.physical {
    case .int8: add(vector.values(as: Int8.self), vector.nulls, rows, groups) { Int64($0) }
    case .int16: add(vector.values(as: Int16.self), vector.nulls, rows, groups) { Int64($0) }
    case .int32: add(vector.values(as: Int32.self), vector.nulls, rows, groups) { Int64($0) }
    case .int64: add(vector.values(as: Int64.self), vector.nulls, rows, groups) { Int64($0) }
    case .int128, .float32, .float64, .bytes:
      preconditionFailure("no 64-bit sum of \(vector.type)")
    }
  }

  @inline(__always)
  private func add<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ nulls: Bitmap?, _ rows: UnsafeBufferPointer<UInt32>,
    _ groups: UnsafeBufferPointer<UInt32>, value: (T) -> Int64
  ) {
    sums.withUnsafeMutableBufferPointer { sums in
      for position in 0..<rows.count {
        let group = Int(groups[position])
        let value = value(values[Int(rows[position])])
        let (sum, overflow) = sums[group].addingReportingOverflow(value)
        if _slowPath(overflow) {
          spilled[group, default: WideTotal()].add(Int128(sums[group]) + Int128(value))
          sums[group] = 0
        } else {
          sums[group] = sum
        }
      }
    }
    guard countsRows else { return }
    counts.withUnsafeMutableBufferPointer { counts in
      for position in 0..<rows.count { counts[Int(groups[position])] &+= 1 }
      // A null row has added zero and must not count.
      guard let nulls else { return }
      for position in 0..<rows.count where nulls[Int(rows[position])] {
        counts[Int(groups[position])] &-= 1
      }
    }
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? IntegerSumState else { preconditionFailure("states of two kinds") }
    for (group, target) in groups.enumerated() {
      let (own, more) = (sums[Int(target)], other.sums[group])
      let (sum, overflow) = own.addingReportingOverflow(more)
      if overflow {
        spilled[Int(target), default: WideTotal()].add(Int128(own) + Int128(more))
      }
      sums[Int(target)] = overflow ? 0 : sum
      if countsRows { counts[Int(target)] += other.counts[group] }
    }
    for (group, total) in other.spilled {
      spilled[Int(groups[group]), default: WideTotal()].add(total)
    }
  }

  func count(_ group: Int) -> Int64 { counts[group] }

  /// Null sums have no rank.
  var ranks: [Int64]? { spilled.isEmpty && !countsRows ? sums : nil }

  func total(_ group: Int) -> WideTotal {
    var total = spilled.isEmpty ? WideTotal() : spilled[group, default: WideTotal()]
    total.add(Int128(sums[group]))
    return total
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    try total(group).result(aggregate, count: countsRows ? counts[group] : 1)
  }
}
