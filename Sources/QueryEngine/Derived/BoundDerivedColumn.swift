import ScanKernels
import StorageBase

/// A derived column fitted to a schema. Immutable and thread-safe.
struct BoundDerivedColumn: Sendable {
  enum Function: Sendable {
    case datePart(DatePart, of: Int, DataType)
    case substring(of: Int, start: Int, length: Int?)
    case comparison(Int, Comparison, Int)
    case number(BoundExpression)
    case conditional(ConditionalColumn)
  }

  let column: Column
  let function: Function

  /// - Parameter schema: that of the table, followed by the derived columns before this one.
  /// - Throws: `StorageError.unknownName`, `.schemaMismatch` and what binding an expression throws.
  init(
    _ derived: DerivedColumn, schema: Schema, id: ColumnID, analyzers: TextAnalyzers
  ) throws {
    let type: DataType
    var inputs: [Int] = []
    var isAlwaysNullable = false
    func input(_ name: String, _ expected: String, _ isFit: (DataType) -> Bool) throws -> Int {
      let index = try schema.requireIndex(of: name)
      guard isFit(schema.columns[index].type) else {
        throw StorageError.schemaMismatch(
          table: "queried", column: name, expected: expected,
          found: "\(schema.columns[index].type)")
      }
      inputs.append(index)
      return index
    }
    switch derived.function {
    case .datePart(let part, let name):
      let index = try input(name, "a date or datetime to take the \(part.rawValue) of") {
        $0 == .date || $0 == .datetime
      }
      function = .datePart(part, of: index, schema.columns[index].type)
      type = .int32
    case .substring(let name, let start, let length):
      let index = try input(name, "a string to take a part of") { $0 == .string }
      function = .substring(of: index, start: start, length: length)
      type = .string
    case .comparison(let left, let comparison, let right):
      let a = try input(left, "a column") { _ in true }
      let other = schema.columns[a].type
      let b = try input(right, "\(other) to compare with \(left)") { $0 == other }
      function = .comparison(a, comparison, b)
      type = .bool
    case .number(let expression):
      let bound = try expression.bound(to: schema)
      inputs = bound.columns
      function = .number(bound)
      type = bound.type
    case .conditional(let branches, let otherwise):
      let bound = try ConditionalColumn(
        branches, otherwise: otherwise, schema: schema, analyzers: analyzers)
      function = .conditional(bound)
      type = bound.type
      isAlwaysNullable = true
    }
    column = Column(
      id: id, name: derived.name, type: type,
      isNullable: isAlwaysNullable || inputs.contains { schema.columns[$0].isNullable })
  }

  /// What is known of its values when `bounds` tells what is known of the others.
  func bounds(_ bounds: (Int) throws -> ValueBounds?) rethrows -> ValueBounds? {
    guard case .datePart(let part, let index, let type) = function else { return nil }
    return try bounds(index).map { part.bounds(of: $0, type: type) }
  }

  /// Its values for a page.
  func vector(
    rowCount: Int, bounds: (Int) throws -> ValueBounds?, column: (Int) throws -> ColumnVector
  ) throws -> ColumnVector {
    switch function {
    case .datePart(let part, let index, _): try part.vector(of: column(index))
    case .substring(let index, let start, let length):
      try SubstringColumn(start: start, length: length).vector(of: column(index))
    case .comparison(let a, let comparison, let b):
      try ComparisonColumn(comparison).vector(of: column(a), column(b))
    case .number(let expression):
      try expression.vector(rowCount: rowCount, bounds: bounds, column: column)
    case .conditional(let conditional):
      try conditional.vector(rowCount: rowCount, bounds: bounds, column: column)
    }
  }
}
