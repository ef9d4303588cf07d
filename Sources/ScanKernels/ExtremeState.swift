import CKernels
import StorageBase

/// Which end of the order MIN or MAX looks for.
enum Extreme {
  case lowest, highest
}

/// MIN and MAX of every type but string, by rank (`ValueRank`). `Rank` is 64 bits wide but for
/// decimals of more than 18 digits.
final class ExtremeState<Rank: FixedWidthInteger>: AggregateState {
  private let extreme: Extreme
  private let type: DataType
  private var best: [Rank] = []
  private var isSeen: [Bool] = []

  init(_ extreme: Extreme, type: DataType) {
    self.extreme = extreme
    self.type = type
  }

  func reserve(groupCount: Int) {
    let missing = max(0, groupCount - best.count)
    best.append(contentsOf: repeatElement(extreme == .lowest ? .max : .min, count: missing))
    isSeen.append(contentsOf: repeatElement(false, count: missing))
  }

  private func offer(_ rank: Rank, group: Int) {
    best[group] = extreme == .lowest ? min(best[group], rank) : max(best[group], rank)
    isSeen[group] = true
  }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    guard let vector else { preconditionFailure("an extreme needs a column") }
    let present = Bitmap.present(selection, vector.nulls)
    let words = present?.words.baseAddress
    let kernels = KernelTable.current.aggregate
    switch vector.type.physical {
    case .int8:
      offer(
        kernels.extremes_i8(vector.values(as: Int8.self).baseAddress, rowCount, words), group)
    case .int16:
      offer(
        kernels.extremes_i16(vector.values(as: Int16.self).baseAddress, rowCount, words), group)
    case .int32:
      offer(
        kernels.extremes_i32(vector.values(as: Int32.self).baseAddress, rowCount, words), group)
    case .int64:
      offer(
        kernels.extremes_i64(vector.values(as: Int64.self).baseAddress, rowCount, words), group)
    case .float32:
      offer(
        kernels.extremes_f32(vector.values(as: Float.self).baseAddress, rowCount, words), group
      ) {
        ValueRank.of(Float($0))
      }
    case .float64:
      offer(
        kernels.extremes_f64(vector.values(as: Double.self).baseAddress, rowCount, words), group
      ) {
        ValueRank.of($0)
      }
    case .int128:
      let values = vector.values(as: Int128.self)
      let rows = present ?? .full(count: rowCount)
      rows.forEachSet { offer(Rank(truncatingIfNeeded: values[$0]), group: group) }
    case .bytes: preconditionFailure("strings have no rank")
    }
  }

  private func offer(_ found: ck_extremes_int, _ group: Int) {
    guard found.min <= found.max else { return }
    offer(Rank(truncatingIfNeeded: extreme == .lowest ? found.min : found.max), group: group)
  }

  /// NaN comes after every number: it is the highest when there is one, the lowest only when there
  /// is nothing else.
  private func offer(_ found: ck_extremes_float, _ group: Int, rank: (Double) -> Int64) {
    let hasNumber = found.min <= found.max
    let hasNaN = found.has_nan != 0
    guard hasNumber || hasNaN else { return }
    let value =
      switch extreme {
      case .lowest: hasNumber ? found.min : .nan
      case .highest: hasNaN ? .nan : found.max
      }
    offer(Rank(truncatingIfNeeded: rank(value)), group: group)
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    guard let vector else { preconditionFailure("an extreme needs a column") }
    let nulls = vector.nulls
    switch vector.type.physical {
    case .int8:
      offer(vector.values(as: Int8.self), nulls, rows, groups) { Rank(truncatingIfNeeded: $0) }
    case .int16:
      offer(vector.values(as: Int16.self), nulls, rows, groups) { Rank(truncatingIfNeeded: $0) }
    case .int32:
      offer(vector.values(as: Int32.self), nulls, rows, groups) { Rank(truncatingIfNeeded: $0) }
    case .int64:
      offer(vector.values(as: Int64.self), nulls, rows, groups) { Rank(truncatingIfNeeded: $0) }
    case .int128:
      offer(vector.values(as: Int128.self), nulls, rows, groups) { Rank(truncatingIfNeeded: $0) }
    case .float32:
      offer(vector.values(as: Float.self), nulls, rows, groups) {
        Rank(truncatingIfNeeded: ValueRank.of($0))
      }
    case .float64:
      offer(vector.values(as: Double.self), nulls, rows, groups) {
        Rank(truncatingIfNeeded: ValueRank.of($0))
      }
    case .bytes: preconditionFailure("strings have no rank")
    }
  }

  @inline(__always)
  private func offer<T: BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ nulls: Bitmap?, _ rows: UnsafeBufferPointer<UInt32>,
    _ groups: UnsafeBufferPointer<UInt32>, rank: (T) -> Rank
  ) {
    let isLowest = extreme == .lowest
    let nullWords = nulls?.words
    best.withUnsafeMutableBufferPointer { best in
      isSeen.withUnsafeMutableBufferPointer { isSeen in
        for position in 0..<rows.count {
          let row = Int(rows[position])
          if let nullWords, nullWords[row &>> 6] &>> UInt64(row & 63) & 1 != 0 { continue }
          let group = Int(groups[position])
          let rank = rank(values[row])
          best[group] = isLowest ? min(best[group], rank) : max(best[group], rank)
          isSeen[group] = true
        }
      }
    }
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? ExtremeState<Rank> else {
      preconditionFailure("states of two kinds")
    }
    for (group, target) in groups.enumerated() where other.isSeen[group] {
      offer(other.best[group], group: Int(target))
    }
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    isSeen[group] ? ValueRank.value(Int128(best[group]), type: type) : .null
  }
}
