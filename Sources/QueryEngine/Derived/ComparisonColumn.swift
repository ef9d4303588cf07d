import ScanKernels
import StorageBase

/// Whether the values of two columns compare so, row by row.
struct ComparisonColumn {
  private let acceptsLess: Bool
  private let acceptsEqual: Bool
  private let acceptsGreater: Bool

  init(_ comparison: Comparison) {
    acceptsLess = [.less, .lessOrEqual, .notEqual].contains(comparison)
    acceptsEqual = [.equal, .lessOrEqual, .greaterOrEqual].contains(comparison)
    acceptsGreater = [.greater, .greaterOrEqual, .notEqual].contains(comparison)
  }

  /// - Precondition: the columns have one type.
  func vector(of a: ColumnVector, _ b: ColumnVector) -> ColumnVector {
    precondition(a.type == b.type && a.count == b.count)
    let buffer = AlignedBuffer(byteCount: a.count)
    let target = buffer.mutableValues(as: Int8.self)
    switch a.type.physical {
    case .int8: compare(a.values(as: Int8.self), b.values(as: Int8.self), target)
    case .int16: compare(a.values(as: Int16.self), b.values(as: Int16.self), target)
    case .int32: compare(a.values(as: Int32.self), b.values(as: Int32.self), target)
    case .int64: compare(a.values(as: Int64.self), b.values(as: Int64.self), target)
    case .int128: compare(a.values(as: Int128.self), b.values(as: Int128.self), target)
    case .float32: compareNumbers(a.values(as: Float.self), b.values(as: Float.self), target)
    case .float64: compareNumbers(a.values(as: Double.self), b.values(as: Double.self), target)
    case .bytes:
      for row in 0..<a.count {
        let order = compareBytes(a.bytes(at: row), b.bytes(at: row))
        target[row] = accepts(isLess: order < 0, isGreater: order > 0)
      }
    }
    var nulls: Bitmap?
    if a.nulls != nil || b.nulls != nil {
      let either = Bitmap(count: a.count)
      if let more = a.nulls { either.formUnion(more) }
      if let more = b.nulls { either.formUnion(more) }
      either.forEachSet { target[$0] = 0 }
      nulls = either
    }
    return ColumnVector(type: .bool, count: a.count, body: .fixed(buffer), nulls: nulls)
  }

  @inline(__always)
  private func accepts(isLess: Bool, isGreater: Bool) -> Int8 {
    (isLess ? acceptsLess : isGreater ? acceptsGreater : acceptsEqual) ? 1 : 0
  }

  @inline(__always)
  private func compare<T: FixedWidthInteger>(
    _ a: UnsafeBufferPointer<T>, _ b: UnsafeBufferPointer<T>,
    _ target: UnsafeMutableBufferPointer<Int8>
  ) {
    for row in 0..<a.count {
      target[row] = accepts(isLess: a[row] < b[row], isGreater: a[row] > b[row])
    }
  }

  /// NaN equals itself and comes after every number.
  @inline(__always)
  private func compareNumbers<T: BinaryFloatingPoint>(
    _ a: UnsafeBufferPointer<T>, _ b: UnsafeBufferPointer<T>,
    _ target: UnsafeMutableBufferPointer<Int8>
  ) {
    for row in 0..<a.count {
      let (x, y) = (a[row], b[row])
      target[row] = accepts(
        isLess: x < y || (!x.isNaN && y.isNaN), isGreater: x > y || (x.isNaN && !y.isNaN))
    }
  }
}
