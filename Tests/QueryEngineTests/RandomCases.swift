import QueryEngine
import ScanKernels
import StorageBase

/// Random tables, predicates and queries whose parts have something to do with each other.
struct RandomCases {
  var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

  mutating func chance(_ numerator: Int, in denominator: Int) -> Bool {
    below(denominator) < numerator
  }

  mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

  private static let types: [DataType] = [
    .bool, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 9, scale: 2),
    .decimal(precision: 18, scale: 4), .decimal(precision: 30, scale: 3), .date, .datetime,
    .string, .string, .string,
  ]

  mutating func schema() throws -> Schema {
    let columns = (0..<1 + below(5)).map { index in
      (name: "c\(index)", type: pick(Self.types), isNullable: chance(2, in: 3))
    }
    return try Schema(columns, sortKeyCount: 1)
  }

  /// Few distinct values, so that groups have members and comparisons meet them; sometimes the
  /// ends of the type.
  mutating func value(_ type: DataType) -> Value {
    switch type {
    case .string:
      if chance(1, in: 3) { return .string(text()) }
      return .string(pick(["", "a", "ab", "abc", "b", "ba", "é", "z", "zebra", "a\u{0}"]))
    case .float, .double:
      return .floating(
        pick([0, -0.0, 0.25, 1, 2.5, -3.75, 100, .infinity, -.infinity, .nan, 7, 8]))
    default:
      guard let range = type.integerRange else { return .null }
      if chance(1, in: 40) {
        return .integer(chance(1, in: 2) ? range.lowerBound : range.upperBound)
      }
      let small = Int128(below(12)) - 4
      return .integer(min(max(small, range.lowerBound), range.upperBound))
    }
  }

  private static let words = ["a", "ab", "Ab", "b", "zebra", "zeb", "é", "aé", "42", "x"]

  /// A few words.
  mutating func text() -> String {
    (0..<below(6)).map { _ in pick(Self.words) + pick([" ", ", ", "", "-", "%", "_"]) }.joined()
  }

  mutating func pattern() -> String {
    (0..<below(5)).map { _ in
      pick(["%", "%", "_", "a", "b", "ab", "é", "z", "\\%", "\\_", " "])
    }.joined()
  }

  mutating func rows(_ schema: Schema, count: Int) -> [[Value]] {
    let nullShares = schema.columns.map { $0.isNullable ? pick([0, 0, 1, 4, 8, 10]) : 0 }
    var rows = (0..<count).map { _ in
      schema.columns.enumerated().map { index, column in
        chance(nullShares[index], in: 10) ? .null : value(column.type)
      }
    }
    // Sorted rows give zone maps something to prune.
    if chance(1, in: 2) { rows.sort { $0[0].precedes($1[0]) } }
    return rows
  }

  mutating func literal(_ type: DataType) -> Literal {
    chance(1, in: 15) ? .null : .stored(value(type))
  }

  mutating func predicate(_ schema: Schema, depth: Int = 3) -> Predicate {
    let column = pick(schema.columns)
    if column.type == .string, chance(2, in: 5) {
      return chance(1, in: 2)
        ? .like(column.name, pattern())
        : .match(column.name, pick(WordMatch.allCases), text())
    }
    switch below(depth > 0 ? 9 : 5) {
    case 0, 1: return .compare(column.name, pick(Comparison.allCases), literal(column.type))
    case 2: return .between(column.name, literal(column.type), literal(column.type))
    case 3:
      let count = pick([0, 1, 2, 5, 20])
      return .isOneOf(column.name, (0..<count).map { _ in literal(column.type) })
    case 4: return chance(1, in: 2) ? .isNull(column.name) : .isNotNull(column.name)
    case 5: return .not(predicate(schema, depth: depth - 1))
    case 6, 7:
      return .and((0..<below(4)).map { _ in predicate(schema, depth: depth - 1) })
    default: return .or((0..<below(4)).map { _ in predicate(schema, depth: depth - 1) })
    }
  }

  mutating func query(_ schema: Schema) -> Query {
    var query: Query
    let names = schema.columns.map(\.name)
    if chance(1, in: 3) {
      query = chance(1, in: 3) ? .selectingAll() : .selecting(distinct(names))
      for name in distinct(names) where chance(1, in: 3) {
        query = query.ordered(by: name, pick([.ascending, .descending]))
      }
    } else {
      let keys = chance(1, in: 4) ? [] : distinct(names)
      query = .grouping(by: keys)
      var titles = keys
      for index in 0..<below(5) {
        query = query.computing(aggregate(schema), as: "a\(index)")
        // Sums of fractions are not compared exactly, so they must not decide an order.
        if case .groups(_, let named) = query.output, let last = named.last,
          last.aggregate != .countAll, !isInexact(last.aggregate, schema)
        {
          titles.append("a\(index)")
        }
      }
      query = having(titles, query, schema)
      for title in titles where chance(1, in: 3) {
        query = query.ordered(by: title, pick([.ascending, .descending]))
      }
    }
    if chance(3, in: 4) { query = query.filtered(by: predicate(schema)) }
    if chance(1, in: 3) { query = query.limited(to: pick([0, 1, 3, 10, 1000])) }
    return query
  }

  /// Sometimes a condition on what may decide: keys, counts, exact sums and extremes.
  private mutating func having(_ titles: [String], _ query: Query, _ schema: Schema) -> Query {
    guard case .groups(let keys, let named) = query.output, chance(1, in: 3), !titles.isEmpty
    else { return query }
    let columns = titles.compactMap { title -> (name: String, type: DataType)? in
      if keys.contains(title) {
        return (title, schema.columns[schema.index(of: title)!].type)
      }
      guard let aggregate = named.first(where: { $0.name == title })?.aggregate,
        let bound = try? aggregate.bound(to: schema, analyzers: .standard)
      else { return nil }
      return (title, bound.resultType)
    }
    guard
      let results = try? Schema(
        columns.map { (name: $0.name, type: $0.type, isNullable: true) }, sortKeyCount: 1)
    else { return query }
    return query.having(predicate(results, depth: 1))
  }

  private mutating func distinct(_ names: [String]) -> [String] {
    var shuffled = names
    shuffled.shuffle(using: &random)
    return Array(shuffled.prefix(1 + below(names.count)))
  }

  private func isInexact(_ aggregate: Aggregate, _ schema: Schema) -> Bool {
    switch aggregate {
    case .average: true
    case .computed(_, let value): isInexact(value, schema)
    case .filtered(let inner, _): isInexact(inner, schema)
    case .sum(let name):
      switch schema.columns[schema.index(of: name)!].type {
      case .float, .double: true
      default: false
      }
    default: false
    }
  }

  private func isInexact(_ value: Expression, _ schema: Schema) -> Bool {
    switch value {
    case .column(let name): isInexact(.sum(name), schema)
    case .literal: false
    case .add(let a, let b), .subtract(let a, let b), .multiply(let a, let b):
      isInexact(a, schema) || isInexact(b, schema)
    }
  }

  /// A term that is at most a 64-bit number times a 32-bit one, so that sums of it fit 38 digits.
  private mutating func expression(_ schema: Schema) -> Expression? {
    let numbers = schema.columns.filter {
      switch $0.type {
      case .bool, .date, .datetime, .string, .decimal(precision: 30, scale: 3): false
      default: true
      }
    }
    let small = numbers.filter { [1, 2, 4].contains($0.type.physical.width) }
    guard !numbers.isEmpty else { return nil }
    var value = Expression.column(pick(numbers).name)
    if !small.isEmpty {
      let factor = Expression.column(pick(small).name)
      switch below(4) {
      case 0: value = value * factor
      case 1: value = value * (1 - factor)
      case 2: value = (0.5 + factor) * value
      default: value = value + factor
      }
    }
    let constants: [Expression] = [
      0, 1, -3, 0.05, .literal(.decimal(unscaled: 125, scale: 2)), .literal(.integer(1000)),
    ]
    switch below(5) {
    case 0: return value + pick(constants)
    case 1: return pick(constants) - value
    case 2: return value * pick(constants)
    case 3: return value - .column(pick(numbers).name)
    default: return value
    }
  }

  private mutating func aggregate(_ schema: Schema) -> Aggregate {
    if chance(1, in: 6) { return aggregate(schema).filtered(by: predicate(schema, depth: 1)) }
    if chance(1, in: 4), let value = expression(schema) {
      return .computed(pick([.sum, .min, .max, .average]), value)
    }
    let column = pick(schema.columns)
    switch below(8) {
    case 0: return .countAll
    case 1: return .count(column.name)
    case 2: return .min(column.name)
    case 3: return .max(column.name)
    case 4: return .countDistinct(column.name)
    // So few values are counted, not estimated.
    case 5: return .approximateCountDistinct(column.name)
    default:
      switch column.type {
      case .bool, .date, .datetime, .string: return .max(column.name)
      // A few extremes of 30 digits still fit a sum of 38.
      default: return chance(1, in: 2) ? .sum(column.name) : .average(column.name)
      }
    }
  }

  mutating func sources(_ schema: Schema, _ segments: [[[Value]]]) -> [MemorySource] {
    segments.map { rows in
      MemorySource(
        schema: schema, rows: rows, rowsPerPage: pick([1, 7, 64, 100]),
        zones: pick([.exact, .exact, .truncated, .missing]),
        codedColumns: Set(schema.columns.indices.filter { _ in chance(1, in: 2) }))
    }
  }
}
