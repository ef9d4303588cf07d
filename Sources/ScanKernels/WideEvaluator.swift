import StorageBase

/// Computes an exact expression in 128 bits with checks, for the rows listed; the others are zero.
struct WideEvaluator {
  let vectors: PageVectors
  let rowCount: Int
  let rows: [UInt32]

  /// - Throws: `StorageError.limitExceeded` when a row does not fit.
  func evaluate(_ node: BoundExpression.Node) throws -> AlignedBuffer {
    let buffer = AlignedBuffer(byteCount: rowCount * 16, zeroed: true)
    let out = buffer.mutableValues(as: Int128.self)
    switch node {
    case .constant(let value): for row in rows { out[Int(row)] = value }
    case .column(let index):
      guard let vector = vectors[index] else { preconditionFailure("a column that was not read") }
      copy(vector, to: out)
    case .linear(let inner, let factor, let addend):
      let values = try evaluate(inner)
      try compute(values, values, into: out) { value, _ in
        let (product, isWide) = value.multipliedReportingOverflow(by: factor)
        let (sum, isWider) = product.addingReportingOverflow(addend)
        return (sum, isWide || isWider)
      }
    case .add(let a, let b):
      try compute(evaluate(a), evaluate(b), into: out) { $0.addingReportingOverflow($1) }
    case .multiply(let a, let b):
      try compute(evaluate(a), evaluate(b), into: out) { $0.multipliedReportingOverflow(by: $1) }
    }
    return buffer
  }

  @inline(__always)
  private func compute(
    _ a: AlignedBuffer, _ b: AlignedBuffer, into out: UnsafeMutableBufferPointer<Int128>,
    _ body: (Int128, Int128) -> (partialValue: Int128, overflow: Bool)
  ) throws {
    let (x, y) = (a.values(as: Int128.self), b.values(as: Int128.self))
    var hasOverflown = false
    for row in rows {
      let (value, overflow) = body(x[Int(row)], y[Int(row)])
      out[Int(row)] = value
      hasOverflown = hasOverflown || overflow
    }
    guard !hasOverflown else {
      throw StorageError.limitExceeded(
        what: "digits of a computed value", value: 39, limit: 38,
        remedy: "compute with smaller numbers, or in doubles")
    }
  }

  private func copy(_ vector: ColumnVector, to out: UnsafeMutableBufferPointer<Int128>) {
    switch vector.type.physical {
    case .int8: copy(vector.values(as: Int8.self), out)
    case .int16: copy(vector.values(as: Int16.self), out)
    case .int32: copy(vector.values(as: Int32.self), out)
    case .int64: copy(vector.values(as: Int64.self), out)
    case .int128: copy(vector.values(as: Int128.self), out)
    case .float32, .float64, .bytes: preconditionFailure("no integers in a column")
    }
  }

  @inline(__always)
  private func copy<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ out: UnsafeMutableBufferPointer<Int128>
  ) {
    for row in rows { out[Int(row)] = Int128(truncatingIfNeeded: values[Int(row)]) }
  }
}
