import StorageBase

/// Computes an expression in doubles, a vector at a time.
struct FloatingEvaluator {
  private let source: Expression
  private let schema: Schema

  init(_ expression: BoundExpression) {
    source = expression.source
    schema = expression.schema
  }

  /// Null rows hold zero.
  func evaluate(
    _ vectors: PageVectors, rowCount: Int, nulls: Bitmap?
  ) -> AlignedBuffer {
    let buffer = evaluate(source, vectors, rowCount)
    let values = buffer.mutableValues(as: Double.self)
    nulls?.forEachSet { values[$0] = 0 }
    return buffer
  }

  private func evaluate(
    _ node: Expression, _ vectors: PageVectors, _ rowCount: Int
  ) -> AlignedBuffer {
    switch node {
    case .column(let name):
      guard let index = schema.index(of: name), let vector = vectors[index] else {
        preconditionFailure("a column that was not read")
      }
      return doubles(vector)
    case .literal(let literal):
      let buffer = AlignedBuffer(byteCount: rowCount * 8)
      buffer.mutableValues(as: Double.self).update(repeating: Self.number(literal))
      return buffer
    case .add(let a, let b): return combine(a, b, vectors, rowCount) { $0 + $1 }
    case .subtract(let a, let b): return combine(a, b, vectors, rowCount) { $0 - $1 }
    case .multiply(let a, let b): return combine(a, b, vectors, rowCount) { $0 * $1 }
    }
  }

  @inline(__always)
  private func combine(
    _ a: Expression, _ b: Expression, _ vectors: PageVectors, _ rowCount: Int,
    _ body: (Double, Double) -> Double
  ) -> AlignedBuffer {
    let left = evaluate(a, vectors, rowCount)
    let right = evaluate(b, vectors, rowCount)
    let (x, y) = (left.mutableValues(as: Double.self), right.values(as: Double.self))
    for row in 0..<rowCount { x[row] = body(x[row], y[row]) }
    return left
  }

  private static func number(_ literal: Literal) -> Double {
    switch literal {
    case .integer(let integer), .stored(.integer(let integer)): Double(integer)
    case .decimal(let unscaled, let scale): Double(unscaled) / Double(powerOfTen(scale))
    case .floating(let number), .stored(.floating(let number)): number
    case .null, .boolean, .string, .stored: preconditionFailure("bound as a number")
    }
  }

  private func doubles(_ vector: ColumnVector) -> AlignedBuffer {
    var unit = 1.0
    if case .decimal(_, let scale) = vector.type { unit = Double(powerOfTen(scale)) }
    switch vector.type.physical {
    case .int8: return doubles(vector.values(as: Int8.self)) { Double($0) }
    case .int16: return doubles(vector.values(as: Int16.self)) { Double($0) }
    case .int32: return doubles(vector.values(as: Int32.self)) { Double($0) }
    case .int64: return doubles(vector.values(as: Int64.self)) { Double($0) / unit }
    case .int128: return doubles(vector.values(as: Int128.self)) { Double($0) / unit }
    case .float32: return doubles(vector.values(as: Float.self)) { Double($0) }
    case .float64: return doubles(vector.values(as: Double.self)) { $0 }
    case .bytes: preconditionFailure("no numbers in a column of \(vector.type)")
    }
  }

  @inline(__always)
  private func doubles<T: BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ body: (T) -> Double
  ) -> AlignedBuffer {
    let buffer = AlignedBuffer(byteCount: values.count * 8)
    let out = buffer.mutableValues(as: Double.self)
    for row in 0..<values.count { out[row] = body(values[row]) }
    return buffer
  }
}
