import ScanKernels
import StorageBase

extension SQLNode {
  /// The constant it comes to; nil when it depends on a row.
  /// - Throws: `SQLError` for arithmetic that constants do not have.
  func folded(of text: String) throws -> SQLConstant? {
    switch kind {
    case .constant(let constant): return constant
    case .negate(let inner):
      switch try inner.folded(of: text) {
      case nil: return nil
      case .exact(let unscaled, let scale)?: return .exact(-unscaled, scale: scale)
      case .floating(let number)?: return .floating(-number)
      case .interval(let months, let days)?: return .interval(months: -months, days: -days)
      case .null?: return .null
      case .boolean?, .string?, .date?:
        throw SQLError("only a number has a sign", at: range.lowerBound, of: text)
      }
    case .arithmetic(let a, let sign, let b):
      guard let x = try a.folded(of: text), let y = try b.folded(of: text) else { return nil }
      guard let result = x.combined(sign, y) else {
        throw SQLError(
          "\(x) \(sign.rawValue) \(y) is nothing that can be computed", at: range.lowerBound,
          of: text)
      }
      return result
    default: return nil
    }
  }
}

extension SQLConstant {
  fileprivate func combined(_ sign: SQLNode.Operator, _ other: SQLConstant) -> SQLConstant? {
    switch (self, other) {
    case (.null, _), (_, .null): return .null
    case (.date(let date), .interval(let months, let days)):
      switch sign {
      case .add: return date.adding(months: months, days: days).map { .date($0) }
      case .subtract: return date.adding(months: -months, days: -days).map { .date($0) }
      case .multiply, .divide: return nil
      }
    case (.interval, .date) where sign == .add: return other.combined(.add, self)
    case (.date(let a), .date(let b)) where sign == .subtract:
      return .exact(Int128(a.daysSinceEpoch - b.daysSinceEpoch), scale: 0)
    case (.exact(let x, let xScale), .exact(let y, let yScale)):
      return Self.exact(x, xScale, sign, y, yScale)
    default:
      guard let x = double, let y = other.double else { return nil }
      return Self.floating(x, sign, y)
    }
  }

  private var double: Double? {
    switch self {
    case .exact(let unscaled, let scale): Double(unscaled) / Double(powerOfTen(scale))
    case .floating(let number): number
    default: nil
    }
  }

  private static func floating(
    _ x: Double, _ sign: SQLNode.Operator, _ y: Double
  ) -> SQLConstant? {
    let result =
      switch sign {
      case .add: x + y
      case .subtract: x - y
      case .multiply: x * y
      case .divide: x / y
      }
    return result.isFinite ? .floating(result) : nil
  }

  private static func exact(
    _ x: Int128, _ xScale: Int, _ sign: SQLNode.Operator, _ y: Int128, _ yScale: Int
  ) -> SQLConstant? {
    if sign == .divide {
      return floating(
        Double(x) / Double(powerOfTen(xScale)), .divide, Double(y) / Double(powerOfTen(yScale)))
    }
    let scale = sign == .multiply ? xScale + yScale : max(xScale, yScale)
    guard scale <= 38 else { return nil }
    if sign == .multiply {
      let (product, overflow) = x.multipliedReportingOverflow(by: y)
      return overflow ? nil : .exact(product, scale: scale)
    }
    let a = x.multipliedReportingOverflow(by: powerOfTen(scale - xScale))
    let b = y.multipliedReportingOverflow(by: powerOfTen(scale - yScale))
    let (sum, overflow) =
      sign == .add
      ? a.partialValue.addingReportingOverflow(b.partialValue)
      : a.partialValue.subtractingReportingOverflow(b.partialValue)
    return a.overflow || b.overflow || overflow ? nil : .exact(sum, scale: scale)
  }

  var isNumber: Bool {
    switch self {
    case .exact, .floating: true
    default: false
    }
  }

  /// As conditions take it; nil for an interval.
  var literal: Literal? {
    switch self {
    case .null: .null
    case .boolean(let flag): .boolean(flag)
    case .exact(let integer, 0): .integer(integer)
    case .exact(let unscaled, let scale): .decimal(unscaled: unscaled, scale: scale)
    case .floating(let number): .floating(number)
    case .string(let text): .string(text)
    case .date(let date): .string(date.description)
    case .interval: nil
    }
  }
}

extension SQLConstant: CustomStringConvertible {
  /// As SQL writes it.
  var description: String {
    switch self {
    case .interval(let months, 0): "INTERVAL '\(months)' MONTH"
    case .interval(_, let days): "INTERVAL '\(days)' DAY"
    case .date(let date): "DATE '\(date)'"
    default: literal?.description ?? "NULL"
    }
  }
}
