import StorageBase

/// A figure computed over the rows of a group. All but `countAll` ignore nulls; over no non-null
/// value a count is 0 and the others are null.
public enum Aggregate: Hashable, Sendable {
  /// COUNT(*).
  case countAll
  case count(String)
  /// The exact sum of integers and decimals, as a decimal of 38 digits that keeps the scale; of
  /// floating-point numbers, a double.
  case sum(String)
  case min(String)
  case max(String)
  /// A double, also for integers and decimals.
  case average(String)

  /// The column it looks at; nil for COUNT(*).
  public var columnName: String? {
    switch self {
    case .countAll: nil
    case .count(let name), .sum(let name), .min(let name), .max(let name), .average(let name): name
    }
  }
}

extension Aggregate: CustomStringConvertible {
  /// As SQL writes it, such as `sum(price)`: the name of a result column that was given none.
  public var description: String {
    switch self {
    case .countAll: "count(*)"
    case .count(let name): "count(\(name))"
    case .sum(let name): "sum(\(name))"
    case .min(let name): "min(\(name))"
    case .max(let name): "max(\(name))"
    case .average(let name): "avg(\(name))"
    }
  }
}

/// An aggregate fitted to a schema.
public struct BoundAggregate: Hashable, Sendable {
  public let aggregate: Aggregate
  /// The position in the schema of the column it looks at; nil for COUNT(*).
  public let column: Int?
  /// The type of that column; `int64` for COUNT(*).
  let inputType: DataType
  public let resultType: DataType
}

extension Aggregate {
  /// - Parameter table: the name that errors show.
  /// - Throws: `StorageError.unknownName` for a column that is not in the schema,
  ///   `StorageError.schemaMismatch` for a sum or average of what is not a number.
  public func bound(to schema: Schema, table: String = "queried") throws -> BoundAggregate {
    guard let name = columnName else {
      return BoundAggregate(aggregate: self, column: nil, inputType: .int64, resultType: .int64)
    }
    let index = try schema.requireIndex(of: name)
    let type = schema.columns[index].type
    let result: DataType
    switch self {
    case .countAll, .count: result = .int64
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
