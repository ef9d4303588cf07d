import StorageBase

/// What can be told of rows without looking at them.
extension Aggregation {
  /// Whether the bounds of columns may answer all of it: counts, least and greatest values, without
  /// groups.
  public static func isKnownFromBounds(
    groupBy keyColumns: [Int], aggregates: [BoundAggregate]
  ) -> Bool {
    keyColumns.isEmpty
      && aggregates.allSatisfy { bound in
        switch bound.aggregate {
        case .countAll, .count, .min, .max: true
        case .countDistinct, .approximateCountDistinct, .sum, .average, .computed, .filtered: false
        }
      }
  }

  /// Adds some rows, all of them selected, by what is known of their columns; false when that is
  /// not enough, and then nothing was added.
  ///
  /// Where a least or greatest value is wanted, the bound must be one of the values: those of long
  /// strings are cut, and not enough.
  /// - Parameter bounds: what is known of a column of the rows, by its position in the schema.
  /// - Precondition: `isKnownFromBounds` is true of its keys and aggregates.
  public func add(
    rowCount: Int, knownFrom bounds: (Int) throws -> ValueBounds?
  ) rethrows -> Bool {
    // A count is told by so many rows, an extreme by one row that has it.
    var steps: [(figure: Int, extreme: ColumnVector?, rowCount: Int)] = []
    for (figure, aggregate) in zip(figureOrdinals, aggregates) {
      if steps.contains(where: { $0.figure == figure }) { continue }
      guard let column = aggregate.column else {
        steps.append((figure, nil, rowCount))
        continue
      }
      guard let known = try bounds(column) else { return false }
      if case .count = aggregate.aggregate {
        steps.append((figure, nil, rowCount - known.nullCount))
        continue
      }
      if known.isAllNull { continue }
      guard let value = Self.extreme(aggregate.aggregate, known) else { return false }
      let builder = ColumnBuilder(type: aggregate.inputType, capacity: 1)
      builder.append(value)
      steps.append((figure, builder.finish(), 1))
    }
    for step in steps {
      figures[step.figure].state.fold(
        step.extreme, selection: nil, rowCount: step.rowCount, group: 0)
    }
    return true
  }

  private static func extreme(_ aggregate: Aggregate, _ known: ValueBounds) -> Value? {
    switch aggregate {
    case .min: known.isLowerExact ? known.lower : nil
    case .max: known.isUpperExact ? known.upper : nil
    default: nil
    }
  }
}
