import ScanKernels
import StorageBase

/// CASE WHEN … THEN … ELSE … END over numbers, fitted to a schema.
struct ConditionalColumn: Sendable {
  private let branches: [(condition: BoundPredicate, value: BoundExpression)]
  private let otherwise: BoundExpression?
  /// A decimal of 38 digits with the greatest scale of the branches, or a double.
  let type: DataType

  init(
    _ branches: [DerivedFunction.Branch], otherwise: Expression?, schema: Schema,
    analyzers: TextAnalyzers
  ) throws {
    self.branches = try branches.map {
      (
        condition: try $0.condition.bound(to: schema, analyzers: analyzers),
        value: try $0.value.bound(to: schema)
      )
    }
    self.otherwise = try otherwise?.bound(to: schema)
    let types = self.branches.map(\.value.type) + (self.otherwise.map { [$0.type] } ?? [])
    let scales = types.map { type in
      if case .decimal(_, let scale) = type { return scale }
      return 0
    }
    type =
      types.contains(.double)
      ? .double : .decimal(precision: 38, scale: scales.max() ?? 0)
  }

  func vector(
    rowCount: Int, bounds: (Int) throws -> ValueBounds?, column: (Int) throws -> ColumnVector
  ) throws -> ColumnVector {
    let buffer = AlignedBuffer(byteCount: rowCount * type.physical.width, zeroed: true)
    // The rows without a value so far; after the last branch, those that stay null.
    let nulls = Bitmap.full(count: rowCount)
    let open = Bitmap.full(count: rowCount)
    for (condition, value) in branches {
      var evaluator = PredicateEvaluator(condition)
      let rows = try evaluator.evaluate(rowCount: rowCount, column: column).copy()
      rows.formIntersection(open)
      open.subtract(rows)
      try fill(buffer, rows, value, nulls, bounds, column)
    }
    if let otherwise { try fill(buffer, open, otherwise, nulls, bounds, column) }
    return ColumnVector(
      type: type, count: rowCount, body: .fixed(buffer), nulls: nulls.isEmpty ? nil : nulls)
  }

  private func fill(
    _ buffer: AlignedBuffer, _ rows: Bitmap, _ value: BoundExpression, _ nulls: Bitmap,
    _ bounds: (Int) throws -> ValueBounds?, _ column: (Int) throws -> ColumnVector
  ) throws {
    if rows.isEmpty { return }
    let found = try value.vector(
      rowCount: rows.count, selection: rows, bounds: bounds, column: column)
    let present = found.nulls.map { rows.subtracting($0) } ?? rows
    nulls.subtract(present)
    guard case .decimal(_, let scale) = value.type else {
      let (source, target) = (
        found.values(as: Double.self), buffer.mutableValues(as: Double.self)
      )
      present.forEachSet { target[$0] = source[$0] }
      return
    }
    let source = found.values(as: Int128.self)
    guard case .decimal(_, let ownScale) = type else {
      let unit = Double(powerOfTen(scale))
      let target = buffer.mutableValues(as: Double.self)
      present.forEachSet { target[$0] = Double(source[$0]) / unit }
      return
    }
    let factor = powerOfTen(ownScale - scale)
    let target = buffer.mutableValues(as: Int128.self)
    var isTooLarge = false
    present.forEachSet {
      let (scaled, overflow) = source[$0].multipliedReportingOverflow(by: factor)
      target[$0] = scaled
      isTooLarge = isTooLarge || overflow
    }
    if isTooLarge {
      throw StorageError.limitExceeded(
        what: "digits of a computed value", value: 39, limit: 38,
        remedy: "compute with smaller numbers or fewer digits after the point")
    }
  }
}
