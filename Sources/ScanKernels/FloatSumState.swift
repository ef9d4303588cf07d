import CKernels
import StorageBase

/// SUM and AVG of floating-point numbers, in double precision. The order of additions is that of
/// the rows within a group, and that of `ck_aggregate.h` where whole pages are folded.
final class FloatSumState: AggregateState {
  private var sums: [Double] = []
  private let counts = CountState()

  func reserve(groupCount: Int) {
    sums.append(contentsOf: repeatElement(0, count: max(0, groupCount - sums.count)))
    counts.reserve(groupCount: groupCount)
  }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    counts.fold(vector, selection: selection, rowCount: rowCount, group: group)
    let words = selection?.words.baseAddress
    let kernels = KernelTable.current.aggregate
    sums[group] +=
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
    if aggregate.isAverage { return .floating(sums[group] / Double(count)) }
    return .floating(sums[group])
  }
}
