import CKernels
import StorageBase

/// SUM and AVG of integers of up to 64 bits. Sums run in 64 bits and move to a 128-bit total when
/// they would overflow, so no sum wraps and the hot loop stays narrow.
final class IntegerSumState: AggregateState {
  private var sums: [Int64] = []
  private var spilled: [Int: WideTotal] = [:]
  private let counts = CountState()

  func reserve(groupCount: Int) {
    sums.append(contentsOf: repeatElement(0, count: max(0, groupCount - sums.count)))
    counts.reserve(groupCount: groupCount)
  }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    counts.fold(vector, selection: selection, rowCount: rowCount)
    // A null row holds zero, so it may be added.
    let words = selection?.words.baseAddress
    let kernels = KernelTable.current.aggregate
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
    spilled[0, default: WideTotal()].add(sum)
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    counts.scatter(vector, rows: rows, groups: groups)
    switch vector.type.physical {
    case .int8: add(vector.values(as: Int8.self), rows, groups)
    case .int16: add(vector.values(as: Int16.self), rows, groups)
    case .int32: add(vector.values(as: Int32.self), rows, groups)
    case .int64: add(vector.values(as: Int64.self), rows, groups)
    case .int128, .float32, .float64, .bytes:
      preconditionFailure("no 64-bit sum of \(vector.type)")
    }
  }

  @inline(__always)
  private func add<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ rows: UnsafeBufferPointer<UInt32>,
    _ groups: UnsafeBufferPointer<UInt32>
  ) {
    sums.withUnsafeMutableBufferPointer { sums in
      for position in 0..<rows.count {
        let group = Int(groups[position])
        let value = Int64(truncatingIfNeeded: values[Int(rows[position])])
        let (sum, overflow) = sums[group].addingReportingOverflow(value)
        if _slowPath(overflow) {
          spilled[group, default: WideTotal()].add(Int128(sums[group]) + Int128(value))
          sums[group] = 0
        } else {
          sums[group] = sum
        }
      }
    }
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? IntegerSumState else { preconditionFailure("states of two kinds") }
    counts.absorb(other.counts, groups: groups)
    for (group, target) in groups.enumerated() {
      spilled[Int(target), default: WideTotal()].add(other.total(group))
    }
  }

  private func total(_ group: Int) -> WideTotal {
    var total = spilled[group] ?? WideTotal()
    total.add(Int128(sums[group]))
    return total
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    try total(group).result(aggregate, count: counts.count(group))
  }
}

/// SUM and AVG of decimals of more than 18 digits.
final class WideSumState: AggregateState {
  private var totals: [WideTotal] = []
  private let counts = CountState()

  func reserve(groupCount: Int) {
    totals.append(
      contentsOf: repeatElement(WideTotal(), count: max(0, groupCount - totals.count)))
    counts.reserve(groupCount: groupCount)
  }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    counts.fold(vector, selection: selection, rowCount: rowCount)
    let values = vector.values(as: Int128.self)
    if let selection {
      selection.forEachSet { totals[0].add(values[$0]) }
    } else {
      for row in 0..<rowCount { totals[0].add(values[row]) }
    }
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    counts.scatter(vector, rows: rows, groups: groups)
    let values = vector.values(as: Int128.self)
    totals.withUnsafeMutableBufferPointer { totals in
      for position in 0..<rows.count {
        totals[Int(groups[position])].add(values[Int(rows[position])])
      }
    }
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? WideSumState else { preconditionFailure("states of two kinds") }
    counts.absorb(other.counts, groups: groups)
    for (group, target) in groups.enumerated() { totals[Int(target)].add(other.totals[group]) }
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    try totals[group].result(aggregate, count: counts.count(group))
  }
}

extension WideTotal {
  /// The sum or average that this total of `count` values is.
  fileprivate func result(_ aggregate: BoundAggregate, count: Int64) throws -> Value {
    if count == 0 { return .null }
    if case .average = aggregate.aggregate {
      var unit = 1.0
      if case .decimal(_, let scale) = aggregate.inputType { unit = Double(powerOfTen(scale)) }
      return .floating(approximate / unit / Double(count))
    }
    guard let exact, let range = aggregate.resultType.integerRange, range.contains(exact) else {
      throw StorageError.limitExceeded(
        what: "digits of \(aggregate.aggregate)", value: 39, limit: 38,
        remedy: "sum fewer rows, or take the average")
    }
    return .integer(exact)
  }
}

/// SUM and AVG of floating-point numbers, in double precision. The order of additions is that of
/// the rows within a group, and that of `ck_aggregate.h` without groups.
final class FloatSumState: AggregateState {
  private var sums: [Double] = []
  private let counts = CountState()

  func reserve(groupCount: Int) {
    sums.append(contentsOf: repeatElement(0, count: max(0, groupCount - sums.count)))
    counts.reserve(groupCount: groupCount)
  }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    counts.fold(vector, selection: selection, rowCount: rowCount)
    let words = selection?.words.baseAddress
    let kernels = KernelTable.current.aggregate
    sums[0] +=
      vector.type.physical == .float32
      ? kernels.sum_f32(vector.values(as: Float.self).baseAddress, rowCount, words)
      : kernels.sum_f64(vector.values(as: Double.self).baseAddress, rowCount, words)
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    counts.scatter(vector, rows: rows, groups: groups)
    if vector.type.physical == .float32 {
      add(vector.values(as: Float.self), rows, groups)
    } else {
      add(vector.values(as: Double.self), rows, groups)
    }
  }

  @inline(__always)
  private func add<T: BinaryFloatingPoint & BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ rows: UnsafeBufferPointer<UInt32>,
    _ groups: UnsafeBufferPointer<UInt32>
  ) {
    sums.withUnsafeMutableBufferPointer { sums in
      for position in 0..<rows.count {
        sums[Int(groups[position])] += Double(values[Int(rows[position])])
      }
    }
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? FloatSumState else { preconditionFailure("states of two kinds") }
    counts.absorb(other.counts, groups: groups)
    for (group, target) in groups.enumerated() { sums[Int(target)] += other.sums[group] }
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    let count = counts.count(group)
    if count == 0 { return .null }
    if case .average = aggregate.aggregate { return .floating(sums[group] / Double(count)) }
    return .floating(sums[group])
  }
}
