import ScanKernels
import StorageBase

/// Computes bound expressions over one batch, a column at a time.
struct RowEvaluator {
  private let rows: ColumnBatch
  private let now: Timestamp
  var count: Int { rows.rowCount }
  /// Rows in which a value did not fit its type.
  private(set) var failures: Bitmap?
  /// Rows whose failures count: those of the branch that is computed; nil for all.
  private var relevant: Bitmap?

  init(_ rows: ColumnBatch, now: Timestamp) {
    self.rows = rows
    self.now = now
  }

  /// The values, as a wide vector of the expression's type; rows that failed hold null.
  mutating func vector(_ expression: BoundRowExpression) -> ColumnVector {
    let type = expression.type
    switch expression.node {
    case .column(let index): return rows.columns[index].widened()
    case .null: return ColumnVector.constant(.null, type: type, count: count)
    case .constant(let value): return ColumnVector.constant(value, type: type, count: count)
    case .arithmetic(let sign, let a, let b, let how):
      return arithmetic(sign, vector(a), vector(b), how, type)
    case .negate(let inner): return negated(vector(inner), type)
    case .absolute(let inner): return absolute(vector(inner), type)
    case .compare, .test, .and, .or, .not, .isNull: return truth(expression).vector
    case .cast(let inner, let cast):
      let result = cast.apply(vector(inner))
      fail(result.failed)
      return result.vector
    case .concat(let parts): return concatenated(parts.map { vector($0) })
    case .coalesce(let values): return coalesced(values)
    case .choose(let condition, let a, let b): return chosen(condition, a, b)
    case .nullIf(let value, let equal):
      let rows = truth(equal).isTrue
      return vector(value).with(moreNulls: rows)
    case .text(let function, let inner): return Self.text(function, vector(inner))
    case .time(let function, let inner): return Self.time(function, vector(inner), type)
    case .hash(let parts): return hashed(parts.map { vector($0) })
    case .now:
      return ColumnVector.constant(
        .integer(Int128(now.rawValue)), type: .datetime, count: count)
    }
  }

  mutating func fail(_ rows: Bitmap?) {
    guard let rows else { return }
    let counted = relevant.map { rows.intersection($0) } ?? rows.copy()
    if let failures { counted.formUnion(failures) }
    failures = counted
  }

  // MARK: - Conditions

  /// Which rows a condition is true for, and for which false; it is unknown for the others.
  struct Truth {
    let isTrue: Bitmap
    let isFalse: Bitmap

    /// As a column of booleans.
    var vector: ColumnVector {
      let count = isTrue.count
      let buffer = AlignedBuffer(byteCount: count, zeroed: true)
      let values = buffer.mutableValues(as: Int8.self)
      isTrue.forEachSet { values[$0] = 1 }
      let nulls = Bitmap.full(count: count)
      nulls.subtract(isTrue)
      nulls.subtract(isFalse)
      return ColumnVector(
        type: .bool, count: count, body: .fixed(buffer), nulls: nulls.isEmpty ? nil : nulls)
    }
  }

  mutating func truth(_ condition: BoundRowExpression) -> Truth {
    switch condition.node {
    case .and(let terms):
      let (isTrue, isFalse) = (Bitmap.full(count: count), Bitmap(count: count))
      for term in terms {
        let truth = truth(term)
        isTrue.formIntersection(truth.isTrue)
        isFalse.formUnion(truth.isFalse)
      }
      return Truth(isTrue: isTrue, isFalse: isFalse)
    case .or(let terms):
      let (isTrue, isFalse) = (Bitmap(count: count), Bitmap.full(count: count))
      for term in terms {
        let truth = truth(term)
        isTrue.formUnion(truth.isTrue)
        isFalse.formIntersection(truth.isFalse)
      }
      return Truth(isTrue: isTrue, isFalse: isFalse)
    case .not(let term):
      let truth = truth(term)
      return Truth(isTrue: truth.isFalse, isFalse: truth.isTrue)
    case .isNull(let inner):
      let nulls = vector(inner).nulls?.copy() ?? Bitmap(count: count)
      return Truth(isTrue: nulls, isFalse: inverse(of: nulls))
    case .test(let inner, let predicate):
      let tested = source(inner)
      var evaluator = PredicateEvaluator(predicate)
      let isTrue = evaluator.evaluate(rowCount: count) { _ in tested }
      return truth(isTrue, nulls: tested.nulls)
    case .compare(let comparison, let a, let b):
      let (left, right) = (vector(a), vector(b))
      let isTrue = Self.compared(left, right, comparison)
      let nulls = union(left.nulls, right.nulls)
      if let nulls { isTrue.subtract(nulls) }
      return truth(isTrue, nulls: nulls)
    default:
      let flags = vector(condition)
      let values = flags.values(as: Int8.self)
      let isTrue = Bitmap(count: count)
      for row in 0..<count where values[row] != 0 && !flags.isNull(row) { isTrue.set(row) }
      return truth(isTrue, nulls: flags.nulls)
    }
  }

  /// A column as it is, for tests that work on codes; else the values.
  private mutating func source(_ expression: BoundRowExpression) -> ColumnVector {
    if case .column(let index) = expression.node { return rows.columns[index] }
    return vector(expression)
  }

  private func truth(_ isTrue: Bitmap, nulls: Bitmap?) -> Truth {
    let isFalse = inverse(of: isTrue)
    if let nulls { isFalse.subtract(nulls) }
    return Truth(isTrue: isTrue, isFalse: isFalse)
  }

  private func inverse(of bitmap: Bitmap) -> Bitmap {
    let inverse = bitmap.copy()
    inverse.invert()
    return inverse
  }

  func union(_ a: Bitmap?, _ b: Bitmap?) -> Bitmap? {
    guard let a else { return b }
    guard let b else { return a }
    let union = a.copy()
    union.formUnion(b)
    return union
  }

  // MARK: - Choices

  private mutating func chosen(
    _ condition: BoundRowExpression, _ a: BoundRowExpression, _ b: BoundRowExpression
  ) -> ColumnVector {
    let isTrue = truth(condition).isTrue
    let first = branch(a, where: isTrue)
    let second = branch(b, where: inverse(of: isTrue))
    let rows = isTrue.rowIDs()
    return second.replacing(rows, with: first, at: rows)
  }

  /// Values of which only some rows count.
  private mutating func branch(_ value: BoundRowExpression, where rows: Bitmap) -> ColumnVector {
    let outer = relevant
    relevant = outer.map { $0.intersection(rows) } ?? rows
    defer { relevant = outer }
    return vector(value)
  }

  private mutating func coalesced(_ values: [BoundRowExpression]) -> ColumnVector {
    var result = vector(values[0])
    for value in values.dropFirst() {
      guard let nulls = result.nulls else { break }
      let next = branch(value, where: nulls)
      let rows = nulls.rowIDs()
      result = result.replacing(rows, with: next, at: rows)
    }
    return result
  }
}
