import CKernels
import StorageBase

/// Interval arithmetic over the bounds of columns: proves that an expression fits 64 bits on the
/// rows of a page, with everything computed on the way.
struct IntervalProof {
  /// The columns that have been measured, and the range of each.
  private let columns: [Int]
  private var ranges: [ClosedRange<Int128>] = []

  /// - Parameter columns: all that the expressions to come read.
  init(columns: [Int]) { self.columns = columns }

  /// Finds the ranges of the columns of a page.
  /// - Parameter vectors: of the columns, in their order.
  /// - Parameter bounds: what is known of a column; where that is nothing its values are looked at.
  mutating func measure(
    _ vectors: PageVectors, bounds: (Int) throws -> ValueBounds?
  ) rethrows {
    ranges.removeAll(keepingCapacity: true)
    try vectors.forEachColumn { index, vector in
      if case .offsets(let offsets) = vector.body {
        ranges.append(Int128(offsets.range.lowerBound)...Int128(offsets.range.upperBound))
      } else {
        ranges.append(try bounds(index).flatMap(Self.range) ?? Self.range(of: vector))
      }
    }
  }

  /// Null rows hold zero, so that is always in.
  private static func range(_ bounds: ValueBounds) -> ClosedRange<Int128>? {
    guard case .integer(let low) = bounds.lower, case .integer(let high)? = bounds.upper,
      low <= high
    else { return nil }
    return min(0, low)...max(0, high)
  }

  private static func range(of vector: ColumnVector) -> ClosedRange<Int128> {
    switch vector.type.physical {
    case .int64:
      let values = vector.values(as: Int64.self)
      let found = KernelTable.current.aggregate.extremes_i64(
        values.baseAddress, values.count, nil)
      return found.min <= found.max
        ? min(0, Int128(found.min))...max(0, Int128(found.max)) : 0...0
    case .int128:
      return vector.values(as: Int128.self).reduce(into: 0...0) { range, value in
        range = min(range.lowerBound, value)...max(range.upperBound, value)
      }
    case .int8, .int16, .int32, .float32, .float64, .bytes:
      return vector.type.integerRange ?? 0...0
    }
  }

  /// Nil when a value may not fit 64 bits.
  func range(of node: BoundExpression.Node) -> ClosedRange<Int128>? {
    let result: ClosedRange<Int128>?
    switch node {
    case .constant(let value): result = value...value
    case .column(let index): result = columns.firstIndex(of: index).map { ranges[$0] }
    case .linear(let inner, let factor, let addend):
      guard Int64(exactly: factor) != nil, Int64(exactly: addend) != nil,
        let inner = range(of: inner)
      else { return nil }
      // Of 64 bits each, so that nothing overflows 128.
      let (low, high) = (inner.lowerBound * factor + addend, inner.upperBound * factor + addend)
      result = min(low, high)...max(low, high)
    case .add(let a, let b):
      guard let x = range(of: a), let y = range(of: b) else { return nil }
      result = x.lowerBound + y.lowerBound...x.upperBound + y.upperBound
    case .multiply(let a, let b):
      guard let x = range(of: a), let y = range(of: b) else { return nil }
      let (a, b) = (x.lowerBound * y.lowerBound, x.lowerBound * y.upperBound)
      let (c, d) = (x.upperBound * y.lowerBound, x.upperBound * y.upperBound)
      result = min(a, b, c, d)...max(a, b, c, d)
    }
    guard let result, Int64(exactly: result.lowerBound) != nil,
      Int64(exactly: result.upperBound) != nil
    else { return nil }
    return result
  }
}
