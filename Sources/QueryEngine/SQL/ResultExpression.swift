import StorageBase

/// What becomes of a row of the result of a `Query` in the result of a statement: a column of it, a
/// constant, or a number computed from them. Exact but for division and doubles.
indirect enum ResultExpression: Hashable, Sendable {
  case column(Int)
  case constant(SQLConstant)
  case negate(ResultExpression)
  case arithmetic(ResultExpression, SQLNode.Operator, ResultExpression)
}

/// A number and its form, or null.
private enum ResultNumber {
  case null
  case exact(Int128, scale: Int)
  case floating(Double)

  var double: Double? {
    switch self {
    case .null: nil
    case .exact(let unscaled, let scale): Double(unscaled) / Double(powerOfTen(scale))
    case .floating(let number): number
    }
  }
}

extension ResultExpression {
  /// The type of its values; nil for an operand that is no number.
  func type(_ columns: [DataType]) -> DataType? {
    switch self {
    case .column(let index): return columns[index]
    case .constant(let constant): return constant.type
    case .negate(let inner):
      guard let type = inner.type(columns), type.numberScale != nil else { return nil }
      return type == .float ? .double : type.computed
    case .arithmetic(let a, let sign, let b):
      guard let x = a.type(columns), let y = b.type(columns), let xScale = x.numberScale,
        let yScale = y.numberScale
      else { return nil }
      let isFloating = [x, y].contains { $0 == .float || $0 == .double }
      if isFloating || sign == .divide { return .double }
      let scale = sign == .multiply ? xScale + yScale : max(xScale, yScale)
      return scale <= 38 ? .decimal(precision: 38, scale: scale) : nil
    }
  }

  /// The column whose order is that of the values: itself, or what a positive constant multiplies
  /// or a constant is added to, exactly; nil for all else.
  func orderingColumn(_ columns: [DataType]) -> Int? {
    func isExact(_ operand: ResultExpression) -> Bool {
      switch operand.type(columns) {
      case nil, .float?, .double?: false
      default: true
      }
    }
    switch self {
    case .column(let index): return index
    case .constant, .negate: return nil
    case .arithmetic(let inner, let sign, .constant(.exact(let value, _))),
      .arithmetic(.constant(.exact(let value, _)), let sign, let inner):
      guard isExact(inner) else { return nil }
      switch sign {
      case .add: return inner.orderingColumn(columns)
      case .multiply: return value > 0 ? inner.orderingColumn(columns) : nil
      case .subtract, .divide: return nil
      }
    case .arithmetic: return nil
    }
  }

  /// Its value for a row; null where an operand is, and for a division by zero.
  /// - Throws: `StorageError.limitExceeded` for a number of more than 38 digits.
  func value(_ row: [Value], _ columns: [DataType]) throws -> Value {
    switch self {
    case .column(let index): return row[index]
    case .constant(let constant): return constant.value
    case .negate, .arithmetic:
      switch try number(row, columns) {
      case .null: return .null
      case .exact(let unscaled, _): return .integer(unscaled)
      case .floating(let number): return .floating(number)
      }
    }
  }

  private func number(_ row: [Value], _ columns: [DataType]) throws -> ResultNumber {
    switch self {
    case .column, .constant:
      switch try value(row, columns) {
      case .integer(let unscaled):
        return .exact(unscaled, scale: type(columns)?.numberScale ?? 0)
      case .floating(let number): return .floating(number)
      case .null, .string: return .null
      }
    case .negate(let inner):
      switch try inner.number(row, columns) {
      case .null: return .null
      case .exact(let unscaled, let scale): return .exact(-unscaled, scale: scale)
      case .floating(let number): return .floating(-number)
      }
    case .arithmetic(let a, let sign, let b):
      return try Self.combine(a.number(row, columns), sign, b.number(row, columns))
    }
  }

  private static func combine(
    _ a: ResultNumber, _ sign: SQLNode.Operator, _ b: ResultNumber
  ) throws -> ResultNumber {
    if case .exact(let x, let xScale) = a, case .exact(let y, let yScale) = b, sign != .divide {
      return try exact(x, xScale, sign, y, yScale)
    }
    guard let x = a.double, let y = b.double else { return .null }
    switch sign {
    case .add: return .floating(x + y)
    case .subtract: return .floating(x - y)
    case .multiply: return .floating(x * y)
    case .divide: return y == 0 ? .null : .floating(x / y)
    }
  }

  private static func exact(
    _ x: Int128, _ xScale: Int, _ sign: SQLNode.Operator, _ y: Int128, _ yScale: Int
  ) throws -> ResultNumber {
    let scale = sign == .multiply ? xScale + yScale : max(xScale, yScale)
    var result: (partialValue: Int128, overflow: Bool)
    if sign == .multiply {
      result = x.multipliedReportingOverflow(by: y)
    } else {
      let a = x.multipliedReportingOverflow(by: powerOfTen(scale - xScale))
      let b = y.multipliedReportingOverflow(by: powerOfTen(scale - yScale))
      result =
        sign == .add
        ? a.partialValue.addingReportingOverflow(b.partialValue)
        : a.partialValue.subtractingReportingOverflow(b.partialValue)
      result.overflow = result.overflow || a.overflow || b.overflow
    }
    guard !result.overflow, result.partialValue.magnitude < powerOfTen(38).magnitude else {
      throw StorageError.limitExceeded(
        what: "digits of a computed result", value: 39, limit: 38,
        remedy: "compute with smaller numbers, or multiply by 1e0 to go on in doubles")
    }
    return .exact(result.partialValue, scale: scale)
  }
}

extension DataType {
  /// The digits after the point of a number, 0 for floating-point ones; nil for what is none.
  fileprivate var numberScale: Int? {
    switch self {
    case .int8, .int16, .int32, .int64, .float, .double: 0
    case .decimal(_, let scale): scale
    case .bool, .date, .datetime, .string: nil
    }
  }

  /// Wide enough for what is computed from it.
  fileprivate var computed: DataType {
    switch self {
    case .int8, .int16, .int32, .int64: .decimal(precision: 38, scale: 0)
    case .decimal(_, let scale): .decimal(precision: 38, scale: scale)
    default: self
    }
  }
}

extension SQLConstant {
  fileprivate var type: DataType {
    switch self {
    case .null, .string, .interval: .string
    case .boolean: .bool
    case .exact(_, let scale): .decimal(precision: 38, scale: scale)
    case .floating: .double
    case .date: .date
    }
  }

  fileprivate var value: Value {
    switch self {
    case .null, .interval: .null
    case .boolean(let flag): .integer(flag ? 1 : 0)
    case .exact(let unscaled, _): .integer(unscaled)
    case .floating(let number): .floating(number)
    case .string(let text): .string(text)
    case .date(let date): .integer(Int128(date.daysSinceEpoch))
    }
  }
}
