import StorageBase

/// An expression fitted to a schema. Immutable and thread-safe.
///
/// Constants have been folded and scales made equal, so that what is left are columns, products
/// and sums of them, and `a * factor + addend`: one kernel each.
public struct BoundExpression: Hashable, Sendable {
  indirect enum Node: Hashable, Sendable {
    case constant(Int128)
    case column(Int)
    case linear(Node, factor: Int128, addend: Int128)
    case add(Node, Node)
    case multiply(Node, Node)
  }

  /// The nodes compute unscaled integers; nil when the expression is computed in doubles.
  let root: Node?
  /// For computing in doubles.
  let source: Expression
  let schema: Schema
  /// A decimal of 38 digits, or a double.
  public let type: DataType
  /// The positions in the schema of the columns it reads, ascending.
  public let columns: [Int]
}

extension Expression {
  /// - Parameter table: the name that errors show.
  /// - Throws: `StorageError.unknownName` for a column that is not in the schema, `.schemaMismatch`
  ///   for one that is no number, `.invalidArgument` for a constant that is none, and
  ///   `.limitExceeded` for more than 38 digits after the point or a constant that is too large.
  public func bound(to schema: Schema, table: String = "queried") throws -> BoundExpression {
    var columns = Set<Int>()
    try collectColumns(schema, table, into: &columns)
    let isFloating = columns.contains {
      [.float, .double].contains(schema.columns[$0].type)
    }
    let exact = try ExactTerm(self, schema)
    return BoundExpression(
      root: isFloating ? nil : exact.node, source: self, schema: schema,
      type: isFloating ? .double : .decimal(precision: 38, scale: exact.scale),
      columns: columns.sorted())
  }

  private func collectColumns(
    _ schema: Schema, _ table: String, into columns: inout Set<Int>
  ) throws {
    switch self {
    case .literal: return
    case .column(let name):
      let index = try schema.requireIndex(of: name)
      let type = schema.columns[index].type
      switch type {
      case .int8, .int16, .int32, .int64, .decimal, .float, .double: columns.insert(index)
      case .bool, .date, .datetime, .string:
        throw StorageError.schemaMismatch(
          table: table, column: name, expected: "a number to compute with", found: "\(type)")
      }
    case .add(let a, let b), .subtract(let a, let b), .multiply(let a, let b):
      try a.collectColumns(schema, table, into: &columns)
      try b.collectColumns(schema, table, into: &columns)
    }
  }
}

extension Literal {
  /// The number it is.
  /// - Throws: `StorageError.invalidArgument` when it is none.
  func requireNumber() throws -> ScaledNumber {
    switch self {
    case .integer(let integer), .stored(.integer(let integer)):
      return ScaledNumber(digits: integer, exponent: 0)
    case .decimal(let unscaled, let scale):
      return ScaledNumber(digits: unscaled, exponent: -scale)
    case .floating(let number), .stored(.floating(let number)):
      if number.isFinite, let scaled = ScaledNumber(shortestOf: number) { return scaled }
    case .null, .boolean, .string, .stored: break
    }
    throw StorageError.invalidArgument(
      name: "constant", value: description, reason: "it is no number to compute with")
  }
}
