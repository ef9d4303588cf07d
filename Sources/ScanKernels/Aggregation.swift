import CKernels
import StorageBase

/// Aggregates over groups of rows, fed page by page. Not thread-safe: scanning threads have one
/// each and merge them.
///
/// Each page goes in three steps, column by column: the selected rows are listed, their group
/// numbers are found, and every aggregate adds its column into an array indexed by those numbers.
/// After "MonetDB/X100: Hyper-Pipelining Query Execution" (Boncz, Zukowski, Nes, CIDR 2005).
///
/// Without grouping, and while there are few groups, the aggregates fold whole pages under a
/// selection instead, one per group: a masked vector sum for each of four groups costs less than
/// one indexed addition per row.
public final class Aggregation {
  /// What one state is fed with.
  private struct Figure {
    let column: Int?
    var evaluator: ExpressionEvaluator?
    let state: any AggregateState
  }

  /// The positions in the schema of the columns that make a group; nulls are a group of their own.
  public let keyColumns: [Int]
  public let aggregates: [BoundAggregate]
  /// The positions in the schema of all columns it reads, ascending.
  public let columns: [Int]

  private(set) var encoder: GroupKeyEncoder
  /// Aggregates that need the same running figures share them, such as a sum and an average.
  private var figures: [Figure] = []
  private var figureOrdinals: [Int] = []
  /// With room at the end for kernels that load whole vectors.
  private var numbers: [UInt32] = []
  private var allRows: [UInt32] = []
  private var groupRows = GroupRows()

  /// - Parameter keyRanges: for each of `keyColumns` a range that all its values lie in, as zone
  ///   maps tell; nil, or nothing for all, when none is known. Values that lie close together index
  ///   the groups without hashing.
  /// - Precondition: the aggregates are bound to `schema`. Aggregations that are merged have been
  ///   given the same.
  public init(
    schema: Schema, groupBy keyColumns: [Int], aggregates: [BoundAggregate],
    keyRanges: [ClosedRange<Int64>?] = []
  ) {
    self.keyColumns = keyColumns
    self.aggregates = aggregates
    columns = Set(keyColumns + aggregates.flatMap(\.columns)).sorted()
    encoder = GroupKeyEncoder(
      columns: keyColumns.map { schema.columns[$0] },
      ranges: keyRanges.isEmpty ? keyColumns.map { _ in nil } : keyRanges)
    var known: [Aggregate: Int] = [:]
    for aggregate in aggregates {
      let needed = Self.figure(of: aggregate.aggregate)
      if let ordinal = known[needed] {
        figureOrdinals.append(ordinal)
        continue
      }
      known[needed] = figures.count
      figureOrdinals.append(figures.count)
      figures.append(
        Figure(
          column: aggregate.column,
          evaluator: aggregate.expression.map(ExpressionEvaluator.init),
          state: aggregate.makeState()))
    }
    if keyColumns.isEmpty { reserve() }
  }

  private static func figure(of aggregate: Aggregate) -> Aggregate {
    switch aggregate {
    case .average(let name): .sum(name)
    case .computed(.average, let value): .computed(.sum, value)
    default: aggregate
    }
  }

  /// Without keys there is one group even when there are no rows.
  public var groupCount: Int { keyColumns.isEmpty ? 1 : encoder.table.count }

  private func reserve() {
    for figure in figures { figure.state.reserve(groupCount: groupCount) }
  }

  /// Adds the selected rows of a page.
  ///
  /// - Parameter selection: nil for all rows.
  /// - Parameter bounds: what is known of a column of the page, nil for nothing; saves looking at
  ///   the values to find how wide computed values are.
  /// - Parameter column: gives a column of the page by its position in the schema; asked for each
  ///   of `columns` at least once.
  /// - Throws: what the closures throw, and `StorageError.limitExceeded` for a computed value of
  ///   more than 38 digits.
  public func add(
    rowCount: Int, selection: Bitmap?, bounds: (Int) throws -> ValueBounds? = { _ in nil },
    column: (Int) throws -> ColumnVector
  ) throws {
    var inputs: [ColumnVector?] = []
    inputs.reserveCapacity(figures.count)
    for index in figures.indices {
      let computed = try figures[index].evaluator?.evaluate(
        rowCount: rowCount, selection: selection, bounds: bounds, column: column)
      inputs.append(try computed ?? figures[index].column.map(column))
    }
    if keyColumns.isEmpty {
      for (input, figure) in zip(inputs, figures) {
        figure.state.fold(input, selection: selection, rowCount: rowCount, group: 0)
      }
      return
    }
    let keys = try keyColumns.map(column)
    let rows = selection?.rowIDs() ?? identity(rowCount)
    let room = rows.count + AlignedBuffer.padding / MemoryLayout<UInt32>.stride
    if numbers.count < room {
      numbers.append(contentsOf: repeatElement(0, count: room - numbers.count))
    }
    rows.withUnsafeBufferPointer { rows in
      numbers.withUnsafeMutableBufferPointer { numbers in
        let groups = UnsafeMutableBufferPointer(rebasing: numbers[..<rows.count])
        encoder.number(rows, of: keys, into: groups)
        reserve()
        add(inputs, rows: rows, groups: UnsafeBufferPointer(groups), rowCount: rowCount)
      }
    }
  }

  private func add(
    _ inputs: [ColumnVector?], rows: UnsafeBufferPointer<UInt32>,
    groups: UnsafeBufferPointer<UInt32>, rowCount: Int
  ) {
    if GroupRows.areFew(groupCount, selected: rows.count, of: rowCount) {
      groupRows.split(rows: rows, groups: groups, groupCount: groupCount, rowCount: rowCount)
      for (group, selection) in groupRows.selections.enumerated() where !selection.isEmpty {
        for (input, figure) in zip(inputs, figures) {
          figure.state.fold(input, selection: selection, rowCount: rowCount, group: group)
        }
      }
      return
    }
    for (input, figure) in zip(inputs, figures) {
      figure.state.scatter(input, rows: rows, groups: groups)
    }
  }

  private func identity(_ count: Int) -> [UInt32] {
    if allRows.count != count { allRows = Array(0..<UInt32(count)) }
    return allRows
  }

  /// Adds all that another aggregation of the same keys and aggregates holds; linear in its groups.
  /// Exact sums, counts and extremes do not depend on the order of merging.
  public func merge(_ other: Aggregation) {
    precondition(other.keyColumns == keyColumns && other.aggregates == aggregates)
    let groups = keyColumns.isEmpty ? [0] : encoder.numbers(ofGroupsOf: other.encoder)
    reserve()
    for (figure, otherFigure) in zip(figures, other.figures) {
      figure.state.absorb(otherFigure.state, groups: groups)
    }
  }

  /// The figure that one aggregate has for one group.
  /// - Throws: `StorageError.limitExceeded` when a sum does not fit 38 digits.
  func result(_ aggregate: Int, group: Int) throws -> Value {
    try figures[figureOrdinals[aggregate]].state.result(aggregates[aggregate], group: group)
  }
}
