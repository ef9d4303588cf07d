import ScanKernels
import StorageBase

/// Exact sums of the integer and decimal columns of rows: computed from what was acknowledged, and
/// once more by a query, they must agree.
struct RowSums: Hashable, Sendable {
  var rowCount = 0
  /// By column; nil for columns that are not integers or decimals.
  var sums: [Int128?]

  init(schema: Schema) {
    sums = schema.columns.map { Self.isSummed($0.type) ? 0 : nil }
  }

  /// The sums of one batch.
  init(_ batch: ColumnBatch) {
    rowCount = batch.rowCount
    sums = batch.columns.map { Self.isSummed($0.type) ? Self.sum($0) : nil }
  }

  static func isSummed(_ type: DataType) -> Bool {
    switch type {
    case .int8, .int16, .int32, .int64, .decimal: true
    case .bool, .float, .double, .date, .datetime, .string: false
    }
  }

  mutating func add(_ other: RowSums) {
    rowCount += other.rowCount
    for (index, sum) in other.sums.enumerated() {
      if let sum, let own = sums[index] { sums[index] = own + sum }
    }
  }

  /// Nulls hold zero, so they add nothing.
  private static func sum(_ vector: ColumnVector) -> Int128? {
    switch vector.type.physical {
    case .int8: sum(vector.values(as: Int8.self))
    case .int16: sum(vector.values(as: Int16.self))
    case .int32: sum(vector.values(as: Int32.self))
    case .int64: vector.values(as: Int64.self).reduce(0) { $0 + Int128($1) }
    case .int128: vector.values(as: Int128.self).reduce(0, +)
    case .float32, .float64, .bytes: nil
    }
  }

  /// A batch has fewer than 2^31 rows, so 32-bit values cannot overflow.
  private static func sum<T: FixedWidthInteger>(_ values: UnsafeBufferPointer<T>) -> Int128 {
    var total: Int64 = 0
    for value in values { total &+= Int64(truncatingIfNeeded: value) }
    return Int128(total)
  }
}
