import CKernels
import StorageBase

/// Computes an expression over pages, a vector at a time, into buffers that are used again. One per
/// scanning thread; a result is valid until the next page.
///
/// A page is computed in 64 bits when the bounds of its columns prove that neither the result nor
/// anything on the way to it can overflow, else in 128 bits with checks.
struct ExpressionEvaluator {
  let expression: BoundExpression
  private let floating: FloatingEvaluator?
  private var buffers: [AlignedBuffer] = []

  init(_ expression: BoundExpression) {
    self.expression = expression
    floating = expression.root == nil ? FloatingEvaluator(expression) : nil
  }

  /// A vector of `decimal(18, s)`, `decimal(38, s)` or `double`; null rows hold zero.
  ///
  /// - Parameter selection: only these rows (nil: all) need be right.
  /// - Parameter bounds: what is known of a column of the page, nil for nothing.
  /// - Throws: what the closures throw, and `StorageError.limitExceeded` when a selected row does
  ///   not fit 38 digits.
  mutating func evaluate(
    rowCount: Int, selection: Bitmap?, bounds: (Int) throws -> ValueBounds?,
    column: (Int) throws -> ColumnVector
  ) throws -> ColumnVector {
    var vectors: [Int: ColumnVector] = [:]
    var nulls: Bitmap?
    for index in expression.columns {
      let vector = try column(index)
      vectors[index] = vector
      guard let more = vector.nulls else { continue }
      let union = nulls ?? Bitmap(count: rowCount)
      union.formUnion(more)
      nulls = union
    }
    guard let root = expression.root else {
      let body = floating?.evaluate(vectors, rowCount: rowCount, nulls: nulls)
      guard let body else { preconditionFailure("an expression without exact form is floating") }
      return ColumnVector(type: .double, count: rowCount, body: .fixed(body), nulls: nulls)
    }
    guard case .decimal(_, let scale) = expression.type else {
      preconditionFailure("an exact expression is a decimal")
    }
    let intervals = try IntervalProof(vectors, bounds: bounds)
    guard intervals.fits64(root) else {
      var rows = Bitmap.present(selection, nulls)
      if rows == nil { rows = .full(count: rowCount) }
      let wide = WideEvaluator(vectors: vectors, rowCount: rowCount, rows: rows?.rowIDs() ?? [])
      return ColumnVector(
        type: .decimal(precision: 38, scale: scale), count: rowCount,
        body: .fixed(try wide.evaluate(root)), nulls: nulls)
    }
    let values = narrow(root, vectors, rowCount, slot: 0)
    let result = slot(0, rowCount)
    let target = result.mutableValues(as: Int64.self)
    if let start = target.baseAddress, start != values {
      start.update(from: values, count: rowCount)
    }
    nulls?.forEachSet { target[$0] = 0 }
    return ColumnVector(
      // Up to 18 digits are stored in 64 bits; the scale may be greater than the digits here.
      type: .decimal(precision: 18, scale: scale), count: rowCount, body: .fixed(result),
      nulls: nulls)
  }

  private mutating func slot(_ index: Int, _ rowCount: Int) -> AlignedBuffer {
    while buffers.count <= index { buffers.append(AlignedBuffer(byteCount: rowCount * 8)) }
    if buffers[index].byteCount != rowCount * 8 {
      buffers[index] = AlignedBuffer(byteCount: rowCount * 8)
    }
    return buffers[index]
  }

  /// The values of a node, in the buffer `slot` or in a column; `slot` and those after it are free.
  private mutating func narrow(
    _ node: BoundExpression.Node, _ vectors: [Int: ColumnVector], _ rowCount: Int, slot: Int
  ) -> UnsafePointer<Int64> {
    let kernels = KernelTable.current.arithmetic
    if case .column(let index) = node, let vector = vectors[index],
      vector.type.physical == .int64, let values = vector.values(as: Int64.self).baseAddress
    {
      return values
    }
    let buffer = self.slot(slot, rowCount)
    let target = buffer.mutableValues(as: Int64.self)
    guard let out = target.baseAddress else { preconditionFailure("a buffer has an address") }
    switch node {
    case .constant(let value): out.update(repeating: Int64(value), count: rowCount)
    case .column(let index):
      guard let vector = vectors[index] else { preconditionFailure("a column that was not read") }
      vector.widen(into: target)
    case .linear(let inner, let factor, let addend):
      let values = narrow(inner, vectors, rowCount, slot: slot)
      kernels.linear_i64(values, rowCount, Int64(factor), Int64(addend), out)
    case .add(let a, let b), .multiply(let a, let b):
      let x = narrow(a, vectors, rowCount, slot: slot)
      let y = narrow(b, vectors, rowCount, slot: slot + 1)
      if case .add = node {
        kernels.add_i64(x, y, rowCount, out)
      } else {
        kernels.multiply_i64(x, y, rowCount, out)
      }
    }
    return UnsafePointer(out)
  }
}

extension ColumnVector {
  /// The integers of the column; of 128-bit ones the low 64 bits.
  /// - Precondition: the column holds integers, and `target` has room for all rows.
  func widen(into target: UnsafeMutableBufferPointer<Int64>) {
    switch type.physical {
    case .int8: Self.widen(values(as: Int8.self), target)
    case .int16: Self.widen(values(as: Int16.self), target)
    case .int32: Self.widen(values(as: Int32.self), target)
    case .int64: Self.widen(values(as: Int64.self), target)
    case .int128: Self.widen(values(as: Int128.self), target)
    case .float32, .float64, .bytes: preconditionFailure("no integers in a column of \(type)")
    }
  }

  @inline(__always)
  private static func widen<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ target: UnsafeMutableBufferPointer<Int64>
  ) {
    for row in 0..<values.count { target[row] = Int64(truncatingIfNeeded: values[row]) }
  }
}
