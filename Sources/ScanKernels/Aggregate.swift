import StorageBase

/// A figure computed over the rows of a group. All but `countAll` ignore nulls; over no non-null
/// value a count is 0 and the others are null.
public indirect enum Aggregate: Hashable, Sendable {
  /// COUNT(*).
  case countAll
  case count(String)
  /// How many distinct values there are. Takes memory for every distinct value of every group.
  case countDistinct(String)
  /// An estimate of it with a standard error of 0.81 % in at most 16 KiB per group:
  /// APPROX_COUNT_DISTINCT, or NDV, of Apache Doris.
  case approximateCountDistinct(String)
  /// The exact sum of integers and decimals, as a decimal of 38 digits that keeps the scale; of
  /// floating-point numbers, a double.
  case sum(String)
  case min(String)
  case max(String)
  /// A double, also for integers and decimals.
  case average(String)
  /// A figure over values computed from the columns of each row.
  case computed(Function, Expression)
  /// Over those rows of the group only for which the condition is true: FILTER (WHERE …).
  case filtered(Aggregate, Predicate)

  public enum Function: String, Hashable, Sendable {
    case sum, min, max
    case average = "avg"
  }

  /// The sum of a computed value, exact to 38 digits unless it is computed in doubles.
  public static func sum(of value: Expression) -> Aggregate { .computed(.sum, value) }
  public static func min(of value: Expression) -> Aggregate { .computed(.min, value) }
  public static func max(of value: Expression) -> Aggregate { .computed(.max, value) }
  /// The average of a computed value, a double.
  public static func average(of value: Expression) -> Aggregate { .computed(.average, value) }

  /// The column it looks at; nil for COUNT(*) and for computed values.
  public var columnName: String? {
    switch self {
    case .countAll, .computed: nil
    case .count(let name), .countDistinct(let name), .approximateCountDistinct(let name),
      .sum(let name), .min(let name), .max(let name), .average(let name):
      name
    case .filtered(let inner, _): inner.columnName
    }
  }

  /// Without its condition.
  var unfiltered: Aggregate {
    if case .filtered(let inner, _) = self { return inner.unfiltered }
    return self
  }

  /// The aggregate over those rows only for which the condition is true.
  public func filtered(by condition: Predicate) -> Aggregate { .filtered(self, condition) }
}

extension Aggregate: CustomStringConvertible {
  /// As SQL writes it, such as `sum(price)`: the name of a result column that was given none.
  public var description: String {
    switch self {
    case .countAll: "count(*)"
    case .count(let name): "count(\(name))"
    case .countDistinct(let name): "count(distinct \(name))"
    case .approximateCountDistinct(let name): "approx_count_distinct(\(name))"
    case .sum(let name): "sum(\(name))"
    case .min(let name): "min(\(name))"
    case .max(let name): "max(\(name))"
    case .average(let name): "avg(\(name))"
    case .computed(let function, let value): "\(function.rawValue)(\(value))"
    case .filtered(let inner, let condition): "\(inner) filter (where \(condition))"
    }
  }
}

/// An aggregate fitted to a schema.
public struct BoundAggregate: Hashable, Sendable {
  public let aggregate: Aggregate
  /// The position in the schema of the column it looks at; nil for COUNT(*) and computed values.
  public let column: Int?
  /// What it computes of each row, if it does.
  public let expression: BoundExpression?
  /// Which rows of a group it looks at; nil for all.
  public let filter: BoundPredicate?
  /// The type of what it looks at; `int64` for COUNT(*).
  let inputType: DataType
  public let resultType: DataType

  init(
    aggregate: Aggregate, column: Int? = nil, expression: BoundExpression? = nil,
    filter: BoundPredicate? = nil,
    inputType: DataType, resultType: DataType
  ) {
    self.aggregate = aggregate
    self.column = column
    self.expression = expression
    self.filter = filter
    self.inputType = inputType
    self.resultType = resultType
  }

  /// The positions in the schema of all columns it reads.
  public var columns: [Int] {
    let inputs = expression?.columns ?? column.map { [$0] } ?? []
    guard let filter else { return inputs }
    return Set(inputs + filter.columns).sorted()
  }

  /// Whether it is an average, however its values come about.
  var isAverage: Bool {
    switch aggregate.unfiltered {
    case .average, .computed(.average, _): true
    default: false
    }
  }

  /// Whether it counts distinct values exactly; then a range of its column's values helps.
  public var countsDistinct: Bool {
    if case .countDistinct = aggregate.unfiltered { return true }
    return false
  }

  /// Whether it does not depend on the order rows are added in: all but sums of floating-point
  /// numbers.
  public var isExact: Bool {
    switch aggregate.unfiltered {
    case .sum, .average, .computed(.sum, _), .computed(.average, _):
      inputType != .float && inputType != .double
    case .countAll, .count, .countDistinct, .approximateCountDistinct, .min, .max, .computed,
      .filtered:
      true
    }
  }
}

extension Aggregate {
  /// - Parameters:
  ///   - table: the name that errors show.
  ///   - analyzers: as of `Predicate.bound`, for filters.
  /// - Throws: `StorageError.unknownName` for a column that is not in the schema,
  ///   `StorageError.schemaMismatch` for a sum or average of what is not a number, and what
  ///   `Expression.bound` throws.
  public func bound(
    to schema: Schema, table: String = "queried", analyzers: TextAnalyzers = TextAnalyzers()
  ) throws -> BoundAggregate {
    if case .filtered(let inner, let condition) = self {
      if case .filtered(let innermost, let other) = inner {
        return try innermost.filtered(by: other && condition)
          .bound(to: schema, table: table, analyzers: analyzers)
      }
      let bound = try inner.bound(to: schema, table: table)
      return BoundAggregate(
        aggregate: self, column: bound.column, expression: bound.expression,
        filter: try condition.bound(to: schema, table: table, analyzers: analyzers),
        inputType: bound.inputType, resultType: bound.resultType)
    }
    if case .computed(let function, let value) = self {
      let expression = try value.bound(to: schema, table: table)
      return BoundAggregate(
        aggregate: self, expression: expression, inputType: expression.type,
        resultType: function == .average ? .double : expression.type)
    }
    guard let name = columnName else {
      return BoundAggregate(aggregate: self, inputType: .int64, resultType: .int64)
    }
    let index = try schema.requireIndex(of: name)
    let type = schema.columns[index].type
    let result: DataType
    switch self {
    case .countAll, .count, .countDistinct, .approximateCountDistinct, .computed, .filtered:
      result = .int64
    case .min, .max: result = type
    case .sum, .average:
      guard let sum = Self.sumType(of: type) else {
        throw StorageError.schemaMismatch(
          table: table, column: name, expected: "a number for \(self)", found: "\(type)")
      }
      if case .average = self { result = .double } else { result = sum }
    }
    return BoundAggregate(aggregate: self, column: index, inputType: type, resultType: result)
  }

  private static func sumType(of type: DataType) -> DataType? {
    switch type {
    case .int8, .int16, .int32, .int64: .decimal(precision: 38, scale: 0)
    case .decimal(_, let scale): .decimal(precision: 38, scale: scale)
    case .float, .double: .double
    case .bool, .date, .datetime, .string: nil
    }
  }
}
