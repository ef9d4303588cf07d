import StorageBase

extension BoundExpression {
  /// Its values for a page, as a column of its `type`: 128 bits wide unless it is computed in
  /// doubles. For columns that are computed once and then used like stored ones; aggregates have
  /// evaluators that stay in 64 bits.
  ///
  /// - Parameter selection: only these rows (nil: all) need be right.
  /// - Parameter bounds: what is known of a column of the page, nil for nothing.
  /// - Throws: what the closures throw, and `StorageError.limitExceeded` when a selected row does
  ///   not fit 38 digits.
  public func vector(
    rowCount: Int, selection: Bitmap? = nil, bounds: (Int) throws -> ValueBounds?,
    column: (Int) throws -> ColumnVector
  ) throws -> ColumnVector {
    var evaluator = ExpressionEvaluator(self)
    let found = try evaluator.evaluate(
      rowCount: rowCount, selection: selection, bounds: bounds, column: column)
    guard type.physical == .int128 else { return found }
    let buffer: AlignedBuffer
    if found.type.physical == .int128, case .fixed(let wide) = found.body {
      buffer = wide
    } else {
      buffer = AlignedBuffer(byteCount: rowCount * 16)
      let target = buffer.mutableValues(as: Int128.self)
      let narrow = found.widened()
      let values = narrow.values(as: Int64.self)
      for row in 0..<rowCount { target[row] = Int128(values[row]) }
    }
    return ColumnVector(type: type, count: rowCount, body: .fixed(buffer), nulls: found.nulls)
  }
}
