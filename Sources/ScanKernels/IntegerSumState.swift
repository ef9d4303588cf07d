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
    var total = spilled.isEmpty ? WideTotal() : spilled[group, default: WideTotal()]
    total.add(Int128(sums[group]))
    return total
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    try total(group).result(aggregate, count: counts.count(group))
  }
}
