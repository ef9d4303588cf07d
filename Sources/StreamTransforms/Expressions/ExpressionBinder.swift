import ScanKernels
import StorageBase

/// Fits expressions to the columns of a stream.
struct ExpressionBinder {
  let schema: Schema

  /// - Throws: `ExpressionError` for unknown columns and for types that do not go together.
  func bind(_ expression: RowExpression) throws(ExpressionError) -> BoundRowExpression {
    switch expression {
    case .column(let name): return try column(name)
    case .literal(let literal): return try constant(literal)
    case .negate(let inner):
      let bound = try number(inner, "-")
      return BoundRowExpression(.negate(bound), Self.resultType(bound.type))
    case .arithmetic(let sign, let a, let b): return try arithmetic(sign, a, b)
    case .compare(let comparison, let a, let b): return try compare(comparison, a, b)
    case .and(let terms): return BoundRowExpression(.and(try conditions(terms)), .bool)
    case .or(let terms): return BoundRowExpression(.or(try conditions(terms)), .bool)
    case .not(let term): return BoundRowExpression(.not(try condition(term)), .bool)
    case .isNull(let inner): return BoundRowExpression(.isNull(try bind(inner)), .bool)
    case .isOneOf(let inner, let members):
      guard !members.contains(where: \.isNull) else {
        throw ExpressionError(reason: "NULL is in no list; use IS NULL", offset: nil)
      }
      return try test(bind(inner), .isOneOf(BoundRowExpression.testedName, members))
    case .like(let inner, let pattern):
      return try test(bind(inner), .like(BoundRowExpression.testedName, pattern))
    case .cast(let inner, let type): return try cast(bind(inner), to: type)
    case .call(let function, let arguments): return try call(function, arguments)
    }
  }

  /// A condition: an expression that is true, false or unknown.
  func condition(_ expression: RowExpression) throws(ExpressionError) -> BoundRowExpression {
    let bound = try bind(expression)
    if bound.isUntypedNull { return BoundRowExpression(.constant(.null), .bool) }
    guard bound.type == .bool else {
      throw ExpressionError(reason: "expected a condition, found a \(bound.type)", offset: nil)
    }
    return bound
  }

  private func conditions(
    _ terms: [RowExpression]
  ) throws(ExpressionError) -> [BoundRowExpression] {
    var bound: [BoundRowExpression] = []
    for term in terms { bound.append(try condition(term)) }
    return bound
  }

  private func column(_ name: String) throws(ExpressionError) -> BoundRowExpression {
    if let index = schema.index(of: name) {
      return BoundRowExpression(.column(index), schema.columns[index].type)
    }
    let known = schema.columns.map(\.name)
    let remedy =
      nearestName(to: name, in: known).map { "did you mean \($0)?" }
      ?? "known: \(known.joined(separator: ", "))"
    throw ExpressionError(reason: "\(name) is not a column; \(remedy)", offset: nil)
  }

  private func constant(_ literal: Literal) throws(ExpressionError) -> BoundRowExpression {
    switch literal {
    case .null: return BoundRowExpression(.null, .int64)
    case .boolean(let flag): return BoundRowExpression(.constant(.integer(flag ? 1 : 0)), .bool)
    case .integer(let integer):
      let isNarrow = Int64(exactly: integer) != nil
      return BoundRowExpression(
        .constant(.integer(integer)), isNarrow ? .int64 : .decimal(precision: 38, scale: 0))
    case .decimal(let unscaled, let scale):
      let isNarrow = scale <= 18 && unscaled.magnitude < powerOfTen(18).magnitude
      return BoundRowExpression(
        .constant(.integer(unscaled)), .decimal(precision: isNarrow ? 18 : 38, scale: scale))
    case .floating(let number): return BoundRowExpression(.constant(.floating(number)), .double)
    case .string(let text): return BoundRowExpression(.constant(.string(text)), .string)
    case .stored: throw ExpressionError(reason: "a stored value has no type here", offset: nil)
    }
  }

  // MARK: - Numbers

  private func number(
    _ expression: RowExpression, _ sign: String
  ) throws(ExpressionError) -> BoundRowExpression {
    let bound = try bind(expression)
    guard bound.type.isNumber else {
      throw ExpressionError(reason: "\(sign) takes numbers, not a \(bound.type)", offset: nil)
    }
    return bound
  }

  /// What exact arithmetic on a type gives: 64 bits for integers, 18 or 38 digits for decimals.
  private static func resultType(_ type: DataType) -> DataType {
    switch type {
    case .int8, .int16, .int32, .int64: return .int64
    case .float, .double: return .double
    case .decimal(_, let scale):
      return .decimal(precision: type.physical == .int64 ? 18 : 38, scale: scale)
    default: return type
    }
  }

  private func arithmetic(
    _ sign: RowExpression.Operator, _ a: RowExpression, _ b: RowExpression
  ) throws(ExpressionError) -> BoundRowExpression {
    let (left, right) = (try number(a, sign.rawValue), try number(b, sign.rawValue))
    func bound(_ type: DataType, _ how: BoundRowExpression.Arithmetic) -> BoundRowExpression {
      BoundRowExpression(.arithmetic(sign, left, right, how), type)
    }
    if sign == .divide { return bound(.double, .floating) }
    if left.type.isFloating || right.type.isFloating {
      guard sign != .remainder else {
        throw ExpressionError(reason: "% takes integers", offset: nil)
      }
      return bound(.double, .floating)
    }
    let (p, q) = (left.type.scale, right.type.scale)
    if sign == .remainder {
      guard p == 0, q == 0, left.type.physical != .int128, right.type.physical != .int128 else {
        throw ExpressionError(reason: "% takes integers", offset: nil)
      }
      return bound(.int64, .narrow(1, 1))
    }
    let scale = sign == .multiply ? p + q : max(p, q)
    guard scale <= 38 else {
      throw ExpressionError(
        reason: "a product with \(scale) digits after the point; cast its factors", offset: nil)
    }
    let (factorA, factorB) =
      sign == .multiply ? (0, 0) : (scale - p, scale - q)
    let isNarrow =
      scale <= 18 && left.type.physical != .int128 && right.type.physical != .int128
    guard isNarrow else {
      return bound(
        .decimal(precision: 38, scale: scale), .wide(powerOfTen(factorA), powerOfTen(factorB)))
    }
    let isInteger = !Self.isDecimal(left.type) && !Self.isDecimal(right.type)
    return bound(
      isInteger ? .int64 : .decimal(precision: 18, scale: scale),
      .narrow(Int64(powerOfTen(factorA)), Int64(powerOfTen(factorB))))
  }

  private static func isDecimal(_ type: DataType) -> Bool {
    if case .decimal = type { return true }
    return false
  }

  // MARK: - Comparisons

  private func compare(
    _ comparison: Comparison, _ a: RowExpression, _ b: RowExpression
  ) throws(ExpressionError) -> BoundRowExpression {
    let name = BoundRowExpression.testedName
    if case .literal(let literal) = b {
      let left = try bind(a)
      if literal.isNull { return BoundRowExpression(.constant(.null), .bool) }
      return try test(left, .compare(name, comparison, literal))
    }
    if case .literal(let literal) = a {
      let right = try bind(b)
      if literal.isNull { return BoundRowExpression(.constant(.null), .bool) }
      return try test(right, .compare(name, comparison.swapped, literal))
    }
    let (left, right) = (try bind(a), try bind(b))
    guard let type = Self.common(left.type, right.type) else {
      throw ExpressionError(
        reason: "a \(left.type) does not compare with a \(right.type)", offset: nil)
    }
    return BoundRowExpression(
      .compare(comparison, try cast(left, to: type), try cast(right, to: type)), .bool)
  }

  private func test(
    _ value: BoundRowExpression, _ predicate: Predicate
  ) throws(ExpressionError) -> BoundRowExpression {
    do {
      let schema = try Schema(
        [(name: BoundRowExpression.testedName, type: value.type, isNullable: true)],
        sortKeyCount: 1)
      let bound = try predicate.bound(to: schema, table: "stream")
      return BoundRowExpression(.test(value, bound), .bool)
    } catch let error as StorageError {
      if case .schemaMismatch(_, _, let expected, let found) = error {
        throw ExpressionError(reason: "expected \(expected), found \(found)", offset: nil)
      }
      throw ExpressionError(reason: "\(error)", offset: nil)
    } catch {
      throw ExpressionError(reason: "\(error)", offset: nil)
    }
  }

  /// The type that values of both have counterparts in; nil for none.
  static func common(_ a: DataType, _ b: DataType) -> DataType? {
    if a == b { return a }
    if a.isNumber, b.isNumber {
      if a.isFloating || b.isFloating { return .double }
      if !isDecimal(a), !isDecimal(b) { return .int64 }
      let scale = max(a.scale, b.scale)
      let isNarrow = a.physical != .int128 && b.physical != .int128 && scale <= 18
      return .decimal(precision: isNarrow ? 18 : 38, scale: scale)
    }
    let times: Set<DataType> = [.date, .datetime]
    return times.contains(a) && times.contains(b) ? .datetime : nil
  }

  func cast(
    _ bound: BoundRowExpression, to type: DataType
  ) throws(ExpressionError) -> BoundRowExpression {
    if bound.type == type { return bound }
    if bound.isUntypedNull { return BoundRowExpression(.constant(.null), type) }
    guard let cast = ColumnCast(from: bound.type, to: type) else {
      throw ExpressionError(reason: "a \(bound.type) is not cast to a \(type)", offset: nil)
    }
    return BoundRowExpression(.cast(bound, cast), type)
  }
}

extension Comparison {
  /// What it is with its sides exchanged.
  fileprivate var swapped: Comparison {
    switch self {
    case .equal, .notEqual: self
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    }
  }
}
