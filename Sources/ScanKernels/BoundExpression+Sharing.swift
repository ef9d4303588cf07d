extension BoundExpression {
  /// The same expression with each part that is the whole of an earlier one read as a column.
  ///
  /// - Parameter earlier: expressions, each with the index of the column that holds its values;
  ///   an index is not that of a column of the schema.
  func reading(_ earlier: [(expression: BoundExpression, column: Int)]) -> BoundExpression {
    guard let root else { return self }
    var shared = root
    // The latest first: it may hold those before it.
    for (expression, column) in earlier.reversed() {
      // A lone column is read as cheaply as its copy.
      guard let part = expression.root, !part.isLeaf else { continue }
      shared = shared.replacing(part, by: .column(column))
    }
    return BoundExpression(
      root: shared, source: source, schema: schema, type: type, columns: shared.columns.sorted())
  }
}

extension BoundExpression.Node {
  fileprivate var isLeaf: Bool {
    switch self {
    case .constant, .column: true
    case .linear, .add, .multiply: false
    }
  }

  fileprivate func replacing(_ part: Self, by other: Self) -> Self {
    if self == part { return other }
    switch self {
    case .constant, .column: return self
    case .linear(let inner, let factor, let addend):
      return .linear(inner.replacing(part, by: other), factor: factor, addend: addend)
    case .add(let a, let b):
      return .add(a.replacing(part, by: other), b.replacing(part, by: other))
    case .multiply(let a, let b):
      return .multiply(a.replacing(part, by: other), b.replacing(part, by: other))
    }
  }

  fileprivate var columns: Set<Int> {
    switch self {
    case .constant: []
    case .column(let index): [index]
    case .linear(let inner, _, _): inner.columns
    case .add(let a, let b), .multiply(let a, let b): a.columns.union(b.columns)
    }
  }
}
