import ScanKernels
import StorageBase

extension RowEvaluator {
  mutating func arithmetic(
    _ sign: RowExpression.Operator, _ a: ColumnVector, _ b: ColumnVector,
    _ how: BoundRowExpression.Arithmetic, _ type: DataType
  ) -> ColumnVector {
    let nulls = union(a.nulls, b.nulls)
    switch how {
    case .floating: return floating(sign, a.doubles, b.doubles, nulls)
    case .narrow(let factorA, let factorB):
      guard case .narrow(let left) = IntegerLanes(a), case .narrow(let right) = IntegerLanes(b)
      else { preconditionFailure("values of 64 bits were planned") }
      let (x, y) = (left.values(as: Int64.self), right.values(as: Int64.self))
      return exact(sign, x, y, factorA, factorB, nulls, type)
    case .wide(let factorA, let factorB):
      let (left, right) = (IntegerLanes(a).widened, IntegerLanes(b).widened)
      return exact(sign, left.values, right.values, factorA, factorB, nulls, type)
    }
  }

  @inline(__always) private mutating func exact<T: FixedWidthInteger & BitwiseCopyable>(
    _ sign: RowExpression.Operator, _ x: UnsafeBufferPointer<T>, _ y: UnsafeBufferPointer<T>,
    _ factorA: T, _ factorB: T, _ nulls: Bitmap?, _ type: DataType
  ) -> ColumnVector {
    switch sign {
    case .add:
      return computed(nulls, type) { row in
        let a = x[row].multipliedReportingOverflow(by: factorA)
        let b = y[row].multipliedReportingOverflow(by: factorB)
        let sum = a.partialValue.addingReportingOverflow(b.partialValue)
        return (sum.partialValue, a.overflow || b.overflow || sum.overflow)
      }
    case .subtract:
      return computed(nulls, type) { row in
        let a = x[row].multipliedReportingOverflow(by: factorA)
        let b = y[row].multipliedReportingOverflow(by: factorB)
        let difference = a.partialValue.subtractingReportingOverflow(b.partialValue)
        return (difference.partialValue, a.overflow || b.overflow || difference.overflow)
      }
    case .multiply:
      return computed(nulls, type) { row in
        let product = x[row].multipliedReportingOverflow(by: y[row])
        return (product.partialValue, product.overflow)
      }
    case .remainder:
      let zeros = Bitmap(count: count)
      for row in 0..<count where y[row] == 0 { zeros.set(row) }
      let undefined = zeros.isEmpty ? nulls : union(nulls, zeros)
      return computed(undefined, type) { row in
        // The least number by -1 has the remainder 0, though the quotient overflows.
        (x[row].remainderReportingOverflow(dividingBy: y[row]).partialValue, false)
      }
    case .divide: preconditionFailure("a quotient is a double")
    }
  }

  /// - Parameter value: of a row that is not null, and whether it overflowed.
  @inline(__always)
  private mutating func computed<T: FixedWidthInteger & BitwiseCopyable>(
    _ nulls: Bitmap?, _ type: DataType, _ value: (Int) -> (T, Bool)
  ) -> ColumnVector {
    let buffer = AlignedBuffer(byteCount: count * MemoryLayout<T>.stride)
    let target = buffer.mutableValues(as: T.self)
    var limit = T.max
    if case .decimal(let precision, _) = type { limit = T(powerOfTen(precision) - 1) }
    var failed: Bitmap?
    for row in 0..<count {
      if let nulls, nulls[row] {
        target[row] = 0
        continue
      }
      let (result, overflow) = value(row)
      target[row] = result
      if overflow || result.magnitude > limit.magnitude {
        target[row] = 0
        failed = failed ?? Bitmap(count: count)
        failed?.set(row)
      }
    }
    fail(failed)
    return ColumnVector(
      type: type, count: count, body: .fixed(buffer), nulls: union(nulls, failed))
  }

  private func floating(
    _ sign: RowExpression.Operator, _ a: ColumnVector, _ b: ColumnVector, _ nulls: Bitmap?
  ) -> ColumnVector {
    let (x, y) = (a.values(as: Double.self), b.values(as: Double.self))
    let buffer = AlignedBuffer(byteCount: count * 8)
    let target = buffer.mutableValues(as: Double.self)
    var undefined = nulls
    switch sign {
    case .add: for row in 0..<count { target[row] = x[row] + y[row] }
    case .subtract: for row in 0..<count { target[row] = x[row] - y[row] }
    case .multiply: for row in 0..<count { target[row] = x[row] * y[row] }
    case .divide, .remainder:
      let zeros = Bitmap(count: count)
      for row in 0..<count {
        target[row] = y[row] == 0 ? 0 : x[row] / y[row]
        if y[row] == 0 { zeros.set(row) }
      }
      if !zeros.isEmpty { undefined = union(nulls, zeros) }
    }
    undefined?.forEachSet { target[$0] = 0 }
    return ColumnVector(type: .double, count: count, body: .fixed(buffer), nulls: undefined)
  }

  mutating func negated(_ vector: ColumnVector, _ type: DataType) -> ColumnVector {
    signed(vector, type, isAbsolute: false)
  }

  mutating func absolute(_ vector: ColumnVector, _ type: DataType) -> ColumnVector {
    signed(vector, type, isAbsolute: true)
  }

  private mutating func signed(
    _ vector: ColumnVector, _ type: DataType, isAbsolute: Bool
  ) -> ColumnVector {
    if type == .double {
      let doubles = vector.doubles
      let values = doubles.values(as: Double.self)
      let buffer = AlignedBuffer(byteCount: count * 8)
      let target = buffer.mutableValues(as: Double.self)
      for row in 0..<count { target[row] = isAbsolute ? values[row].magnitude : -values[row] }
      vector.nulls?.forEachSet { target[$0] = 0 }
      return ColumnVector(type: .double, count: count, body: .fixed(buffer), nulls: vector.nulls)
    }
    switch IntegerLanes(vector) {
    case .narrow(let lanes):
      let values = lanes.values(as: Int64.self)
      return computed(vector.nulls, type) { row in
        if isAbsolute && values[row] >= 0 { return (values[row], false) }
        let result = Int64(0).subtractingReportingOverflow(values[row])
        return (result.partialValue, result.overflow)
      }
    case .wide(let lanes):
      let values = lanes.values(as: Int128.self)
      return computed(vector.nulls, type) { row in
        if isAbsolute && values[row] >= 0 { return (values[row], false) }
        let result = Int128(0).subtractingReportingOverflow(values[row])
        return (result.partialValue, result.overflow)
      }
    }
  }

  /// Which rows of two columns of one type compare so; rows with a null say anything.
  static func compared(
    _ a: ColumnVector, _ b: ColumnVector, _ comparison: Comparison
  ) -> Bitmap {
    let rows = Bitmap(count: a.count)
    if a.type == .string {
      for row in 0..<a.count where comparison.holds(order(a.bytes(at: row), b.bytes(at: row))) {
        rows.set(row)
      }
      return rows
    }
    if a.type.isFloating {
      let (left, right) = (a.doubles, b.doubles)
      let (x, y) = (left.values(as: Double.self), right.values(as: Double.self))
      for row in 0..<a.count where comparison.holds(order(x[row], y[row])) { rows.set(row) }
      return rows
    }
    if case .narrow(let left) = IntegerLanes(a), case .narrow(let right) = IntegerLanes(b) {
      let (x, y) = (left.values(as: Int64.self), right.values(as: Int64.self))
      for row in 0..<a.count where comparison.holds(order(x[row], y[row])) { rows.set(row) }
      return rows
    }
    let (left, right) = (IntegerLanes(a).widened, IntegerLanes(b).widened)
    let (x, y) = (left.values, right.values)
    for row in 0..<a.count where comparison.holds(order(x[row], y[row])) { rows.set(row) }
    return rows
  }

  @inline(__always) private static func order<T: Comparable>(_ a: T, _ b: T) -> Int {
    a < b ? -1 : a > b ? 1 : 0
  }

  /// NaN equals itself and comes after every number.
  @inline(__always) private static func order(_ a: Double, _ b: Double) -> Int {
    if a.isNaN || b.isNaN { return a.isNaN ? (b.isNaN ? 0 : 1) : -1 }
    return a < b ? -1 : a > b ? 1 : 0
  }

  private static func order(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    for index in 0..<min(a.count, b.count) where a[index] != b[index] {
      return a[index] < b[index] ? -1 : 1
    }
    return a.count < b.count ? -1 : a.count > b.count ? 1 : 0
  }
}

extension Comparison {
  /// - Parameter order: negative, zero or positive, as the left side is to the right one.
  @inline(__always) fileprivate func holds(_ order: Int) -> Bool {
    switch self {
    case .equal: order == 0
    case .notEqual: order != 0
    case .less: order < 0
    case .lessOrEqual: order <= 0
    case .greater: order > 0
    case .greaterOrEqual: order >= 0
    }
  }
}
