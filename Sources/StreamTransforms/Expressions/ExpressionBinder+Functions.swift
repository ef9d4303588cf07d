import StorageBase

extension ExpressionBinder {
  func call(
    _ function: RowExpression.Function, _ arguments: [RowExpression]
  ) throws(ExpressionError) -> BoundRowExpression {
    try checkCount(function, arguments.count)
    switch function {
    case .if:
      let condition = try condition(arguments[0])
      let otherwise = arguments.count > 2 ? arguments[2] : .literal(.null)
      let (values, type) = try unified([arguments[1], otherwise], function)
      return BoundRowExpression(.choose(condition, values[0], values[1]), type)
    case .coalesce:
      let (values, type) = try unified(arguments, function)
      return BoundRowExpression(.coalesce(values), type)
    case .nullif:
      let value = try bind(arguments[0])
      let equal = try bind(.compare(.equal, arguments[0], arguments[1]))
      return BoundRowExpression(.nullIf(value, equal: equal), value.type)
    case .concat:
      var parts: [BoundRowExpression] = []
      for argument in arguments { parts.append(try cast(bind(argument), to: .string)) }
      return BoundRowExpression(.concat(parts), .string)
    case .lower: return try text(.lower, arguments[0], .string)
    case .upper: return try text(.upper, arguments[0], .string)
    case .trim: return try text(.trim, arguments[0], .string)
    case .length: return try text(.length, arguments[0], .int64)
    case .substring: return try substring(arguments)
    case .dateTrunc: return try truncation(arguments)
    case .year, .month, .day, .hour, .minute:
      let value = try time(arguments[0], function)
      if value.type == .date, function == .hour || function == .minute {
        throw ExpressionError(reason: "a date has no \(function.rawValue)", offset: nil)
      }
      return BoundRowExpression(.time(.part(function), value), .int32)
    case .abs:
      let value = try bind(.negate(arguments[0]))
      guard case .negate(let inner) = value.node else { return value }
      return BoundRowExpression(.absolute(inner), value.type)
    case .hash:
      var parts: [BoundRowExpression] = []
      for argument in arguments { parts.append(try bind(argument)) }
      return BoundRowExpression(.hash(parts), .int64)
    case .now: return BoundRowExpression(.now, .datetime)
    }
  }

  private func checkCount(
    _ function: RowExpression.Function, _ count: Int
  ) throws(ExpressionError) {
    let range: ClosedRange<Int>
    switch function {
    case .concat, .coalesce, .hash: range = 1...64
    case .if: range = 2...3
    case .nullif, .dateTrunc: range = 2...2
    case .substring: range = 2...3
    case .now: range = 0...0
    case .lower, .upper, .trim, .length, .year, .month, .day, .hour, .minute, .abs: range = 1...1
    }
    guard range.contains(count) else {
      let wanted =
        range.count == 1
        ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
      throw ExpressionError(
        reason: "\(function.rawValue) takes \(wanted) arguments, not \(count)", offset: nil)
    }
  }

  /// The arguments cast to the one type they have in common.
  private func unified(
    _ arguments: [RowExpression], _ function: RowExpression.Function
  ) throws(ExpressionError) -> ([BoundRowExpression], DataType) {
    var bound: [BoundRowExpression] = []
    for argument in arguments { bound.append(try bind(argument)) }
    var type: DataType?
    for value in bound where !value.isUntypedNull {
      guard let present = type else {
        type = value.type
        continue
      }
      guard let common = Self.common(present, value.type) else {
        throw ExpressionError(
          reason: "\(function.rawValue) of a \(present) and a \(value.type)", offset: nil)
      }
      type = common
    }
    guard let type else {
      throw ExpressionError(
        reason: "\(function.rawValue) has only NULLs; cast one to a type", offset: nil)
    }
    var values: [BoundRowExpression] = []
    for value in bound { values.append(try cast(value, to: type)) }
    return (values, type)
  }

  private func text(
    _ function: BoundRowExpression.TextFunction, _ argument: RowExpression, _ type: DataType
  ) throws(ExpressionError) -> BoundRowExpression {
    let value = try bind(argument)
    guard value.type == .string else {
      throw ExpressionError(reason: "expected a text, found a \(value.type)", offset: nil)
    }
    return BoundRowExpression(.text(function, value), type)
  }

  private func substring(_ arguments: [RowExpression]) throws(ExpressionError) -> BoundRowExpression
  {
    var numbers: [Int] = []
    for argument in arguments.dropFirst() {
      guard case .literal(.integer(let number)) = argument, (0...Int128(1 << 30)).contains(number)
      else {
        throw ExpressionError(reason: "start and length of substring are constants", offset: nil)
      }
      numbers.append(Int(number))
    }
    guard numbers[0] >= 1 else {
      throw ExpressionError(reason: "the start of substring counts from 1", offset: nil)
    }
    let length = numbers.count > 1 ? numbers[1] : nil
    return try text(.substring(start: numbers[0], length: length), arguments[0], .string)
  }

  private func time(
    _ argument: RowExpression, _ function: RowExpression.Function
  ) throws(ExpressionError) -> BoundRowExpression {
    let value = try bind(argument)
    guard value.type == .date || value.type == .datetime else {
      throw ExpressionError(
        reason: "\(function.rawValue) takes a date or datetime, not a \(value.type)", offset: nil)
    }
    return value
  }

  private func truncation(
    _ arguments: [RowExpression]
  ) throws(ExpressionError) -> BoundRowExpression {
    let known = TimeUnit.allCases.map(\.rawValue)
    guard case .literal(.string(let name)) = arguments[0],
      let unit = TimeUnit(rawValue: name.lowercased())
    else {
      throw ExpressionError(
        reason: "the first argument of date_trunc is one of '\(known.joined(separator: "', '"))'",
        offset: nil)
    }
    let value = try time(arguments[1], .dateTrunc)
    return BoundRowExpression(.time(.truncate(unit), value), value.type)
  }
}
