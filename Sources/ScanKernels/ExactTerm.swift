import StorageBase

/// A part of an expression in exact arithmetic: unscaled integers, and where the point is.
struct ExactTerm {
  let node: BoundExpression.Node
  /// Digits after the point: 0...38.
  let scale: Int

  private init(_ node: BoundExpression.Node, scale: Int) throws {
    guard scale <= 38 else {
      throw StorageError.limitExceeded(
        what: "digits after the point of a product", value: scale, limit: 38,
        remedy: "multiply fewer decimals")
    }
    self.node = node
    self.scale = scale
  }

  init(_ expression: Expression, _ schema: Schema) throws {
    switch expression {
    case .column(let name):
      let index = try schema.requireIndex(of: name)
      var scale = 0
      if case .decimal(_, let digits) = schema.columns[index].type { scale = digits }
      try self.init(.column(index), scale: scale)
    case .literal(let literal):
      let number = try literal.requireNumber()
      let scale = max(0, -number.exponent)
      let unscaled = number.floor(scale: min(38, scale))
      guard unscaled.isExact || scale > 38 else { throw Self.tooLarge }
      try self.init(.constant(unscaled.0), scale: scale)
    case .add(let a, let b):
      try self.init(sumOf: ExactTerm(a, schema), ExactTerm(b, schema), sign: 1)
    case .subtract(let a, let b):
      try self.init(sumOf: ExactTerm(a, schema), ExactTerm(b, schema), sign: -1)
    case .multiply(let a, let b):
      let (x, y) = (try ExactTerm(a, schema), try ExactTerm(b, schema))
      try self.init(Self.product(x.node, y.node), scale: x.scale + y.scale)
    }
  }

  private init(sumOf a: ExactTerm, _ b: ExactTerm, sign: Int128) throws {
    let scale = max(a.scale, b.scale)
    let x = try Self.linear(a.node, factor: powerOfTen(scale - a.scale), addend: 0)
    let y = try Self.linear(b.node, factor: sign * powerOfTen(scale - b.scale), addend: 0)
    switch (x, y) {
    case (_, .constant(let c)): try self.init(Self.linear(x, factor: 1, addend: c), scale: scale)
    case (.constant(let c), _): try self.init(Self.linear(y, factor: 1, addend: c), scale: scale)
    default: try self.init(.add(x, y), scale: scale)
    }
  }

  private static func product(
    _ a: BoundExpression.Node, _ b: BoundExpression.Node
  ) throws -> BoundExpression.Node {
    switch (a, b) {
    case (_, .constant(let c)): try linear(a, factor: c, addend: 0)
    case (.constant(let c), _): try linear(b, factor: c, addend: 0)
    default: .multiply(a, b)
    }
  }

  /// `node * factor + addend`, folded into a constant or another such node where it is one.
  private static func linear(
    _ node: BoundExpression.Node, factor: Int128, addend: Int128
  ) throws -> BoundExpression.Node {
    switch node {
    case .constant(let value):
      return .constant(try exact(value, times: factor, plus: addend))
    case .linear(let inner, let innerFactor, let innerAddend):
      return .linear(
        inner, factor: try exact(innerFactor, times: factor, plus: 0),
        addend: try exact(innerAddend, times: factor, plus: addend))
    case .column, .add, .multiply:
      return factor == 1 && addend == 0 ? node : .linear(node, factor: factor, addend: addend)
    }
  }

  private static func exact(
    _ value: Int128, times factor: Int128, plus addend: Int128
  ) throws -> Int128 {
    let (product, isWide) = value.multipliedReportingOverflow(by: factor)
    let (sum, isWider) = product.addingReportingOverflow(addend)
    if isWide || isWider { throw tooLarge }
    return sum
  }

  private static var tooLarge: StorageError {
    .limitExceeded(
      what: "digits of a constant in an expression", value: 39, limit: 38,
      remedy: "compute with smaller constants")
  }
}
