import ScanKernels
import StorageBase

extension StepBinder {
  mutating func clean(_ rules: [CleaningRule]) -> (any RowTransform)? {
    var bound: [CleaningTransform.Rule] = []
    // A rule that fills nulls leaves none.
    for rule in rules {
      if let made = self.rule(rule) { bound.append(made) }
    }
    var columns = input.columns.map { (name: $0.name, type: $0.type, isNullable: $0.isNullable) }
    for rule in bound {
      guard let place = rule.place, case .value(let value) = rule.remedy else { continue }
      if value.isNull { columns[place].isNullable = true }
    }
    guard let schema = schema(columns) else { return nil }
    return CleaningTransform(
      rules: bound, outputSchema: schema, counters: StepCounters(name: step.name))
  }

  private mutating func rule(_ rule: CleaningRule) -> CleaningTransform.Rule? {
    var place: Int?
    if case .satisfies = rule.test {
      if rule.column != nil { mistakes.append("\(rule.name): a condition has no column") }
    } else {
      guard let name = rule.column else {
        mistakes.append("\(rule.name): it names no column")
        return nil
      }
      guard let index = index(of: name) else { return nil }
      place = index
    }
    guard let check = check(rule, place) else { return nil }
    guard let remedy = remedy(rule, place) else { return nil }
    return CleaningTransform.Rule(
      rule: rule, place: place, origins: place.map { origins[$0] } ?? [], check: check,
      remedy: remedy)
  }

  private mutating func check(_ rule: CleaningRule, _ place: Int?) -> CleaningTransform.Check? {
    let name = place.map { input.columns[$0].name } ?? ""
    let column = RowExpression.column(name)
    let type = place.map { input.columns[$0].type }
    let condition: RowExpression
    switch rule.test {
    case .notNull: condition = .not(.isNull(column))
    case .satisfies(let expression): condition = expression
    case .oneOf(let members): condition = .isOneOf(column, members)
    case .like(let pattern): condition = .like(column, pattern)
    case .length(let min, let max):
      if min < 0 || min > max { mistakes.append("\(rule.name): no length is \(min) to \(max)") }
      let length = RowExpression.call(.length, [column])
      condition = .and([
        .compare(.greaterOrEqual, length, .literal(.integer(Int128(min)))),
        .compare(.lessOrEqual, length, .literal(.integer(Int128(max)))),
      ])
    case .range(let low, let high):
      if low == nil, high == nil { mistakes.append("\(rule.name): a range without ends") }
      let lower = low.map { RowExpression.compare(.greaterOrEqual, column, .literal($0)) }
      let upper = high.map { RowExpression.compare(.lessOrEqual, column, .literal($0)) }
      condition = .and([lower, upper].compactMap { $0 })
    case .characters(let characters):
      if type != .string { mistakes.append("\(rule.name): \(name) is no text") }
      return .characters(characters)
    case .within(let past, let future):
      if type != .date, type != .datetime {
        mistakes.append("\(rule.name): \(name) is neither a date nor a datetime")
      }
      return .time(past: past, future: future)
    }
    let binder = ExpressionBinder(schema: input)
    return bound(rule.name) { try binder.condition(condition) }.map { .condition($0) }
  }

  private mutating func remedy(_ rule: CleaningRule, _ place: Int?) -> CleaningTransform.Remedy? {
    switch rule.action {
    case .drop: return .drop
    case .divert: return .divert
    case .fix(let literal):
      guard let place else {
        mistakes.append("\(rule.name): a condition on a row says no value to fix")
        return nil
      }
      let type = input.columns[place].type
      return bound(rule.name) { try ConstantValue.value(of: literal, as: type) }
        .map { .value($0) }
    case .clamp:
      guard let place else {
        mistakes.append("\(rule.name): a condition on a row has no ends to clamp to")
        return nil
      }
      return clamp(rule, input.columns[place].type)
    }
  }

  private mutating func clamp(
    _ rule: CleaningRule, _ type: DataType
  ) -> CleaningTransform.Remedy? {
    switch rule.test {
    case .within: return .time
    case .length(let min, let max):
      if min > 0 { mistakes.append("\(rule.name): a text that is too short is not made longer") }
      return .cut(max)
    case .range(let low, let high):
      return bound(rule.name) {
        .ends(
          low: try low.map { try ConstantValue.value(of: $0, as: type) },
          high: try high.map { try ConstantValue.value(of: $0, as: type) })
      }
    case .notNull, .oneOf, .like, .characters, .satisfies:
      mistakes.append("\(rule.name): only ranges, lengths and times have ends to clamp to")
      return nil
    }
  }
}
