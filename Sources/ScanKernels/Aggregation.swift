import CKernels
import StorageBase

/// Aggregates over groups of rows, fed page by page. Not thread-safe: scanning threads have one
/// each and merge them.
///
/// Each page goes in three steps, column by column: the selected rows are listed, their group
/// numbers are found, and every aggregate adds its column into an array indexed by those numbers.
/// After "MonetDB/X100: Hyper-Pipelining Query Execution" (Boncz, Zukowski, Nes, CIDR 2005).
///
/// Without grouping the aggregates fold whole pages under a selection instead. With few groups,
/// whose numbers are bytes, they fold under a mask per group: a masked vector sum for each of four
/// groups costs less than one indexed addition per row.
public final class Aggregation {
  /// What one state is fed with.
  struct Figure {
    let column: Int?
    var evaluator: ExpressionEvaluator?
    /// Of an aggregate with a condition of its own, whose state is a `FilteredState`.
    var filter: PredicateEvaluator?
    let state: any AggregateState

    /// An input in a form that folding and scattering into a state take.
    static func accepted(
      _ input: ColumnVector?, by state: any AggregateState
    ) -> ColumnVector? {
      if case .offsets = input?.body, state.takesOffsets { return input }
      return input?.widened()
    }
  }

  /// The positions in the schema of the columns that make a group; nulls are a group of their own.
  public let keyColumns: [Int]
  public let aggregates: [BoundAggregate]
  /// The positions in the schema of all columns it reads, ascending.
  public let columns: [Int]

  /// Of the schema; the values computed for figure f are column `columnCount + f`.
  private let columnCount: Int
  private(set) var encoder: GroupKeyEncoder
  /// Aggregates that need the same running figures share them, such as a sum and an average.
  private(set) var figures: [Figure] = []
  /// The states of those figures that count distinct values.
  private var distincts: [any DistinctMemory] = []
  private(set) var figureOrdinals: [Int] = []
  /// What each figure is fed with from the page at hand, and its key columns; empty in between.
  private var inputs: [ColumnVector?] = []
  private var keys: [ColumnVector] = []
  /// With room at the end for kernels that load whole vectors.
  private var numbers: [UInt32] = []
  private var allRows: [UInt32] = []

  /// Of a page with so few rows selected, one in so many, the selected values are brought together
  /// before anything else is done with them.
  private static let sparseRowsPerSelected = 8

  /// - Parameter keyRanges: for each of `keyColumns` a range that all its values lie in, as zone
  ///   maps tell; nil, or nothing for all, when none is known. Values that lie close together index
  ///   the groups without hashing.
  /// - Parameter valueRanges: the same for columns that aggregates look at, by their positions.
  /// - Parameter expectedRowCount: about how many rows will be added, or looked at for those that
  ///   are; helps to choose how groups are found.
  /// - Precondition: the aggregates are bound to `schema`. Aggregations that are merged have been
  ///   given the same.
  public init(
    schema: Schema, groupBy keyColumns: [Int], aggregates: [BoundAggregate],
    keyRanges: [ClosedRange<Int64>?] = [], valueRanges: [Int: ClosedRange<Int64>] = [:],
    expectedRowCount: Int = 0
  ) {
    self.keyColumns = keyColumns
    self.aggregates = aggregates
    columns = Set(keyColumns + aggregates.flatMap(\.columns)).sorted()
    encoder = GroupKeyEncoder(
      columns: keyColumns.map { schema.columns[$0] },
      ranges: keyRanges.isEmpty ? keyColumns.map { _ in nil } : keyRanges,
      expectedRowCount: expectedRowCount)
    let averaged = Set(
      aggregates.filter(\.isAverage).map { Self.figure(of: $0.aggregate) })
    columnCount = schema.columns.count
    var known: [Aggregate: Int] = [:]
    // What is computed for every row serves the expressions after it.
    var shared: [(expression: BoundExpression, column: Int)] = []
    for aggregate in aggregates {
      let needed = Self.figure(of: aggregate.aggregate)
      if let ordinal = known[needed] {
        figureOrdinals.append(ordinal)
        continue
      }
      known[needed] = figures.count
      figureOrdinals.append(figures.count)
      let expression = aggregate.expression.map { $0.reading(shared) }
      if let whole = aggregate.expression, aggregate.filter == nil {
        shared.append((expression: whole, column: schema.columns.count + figures.count))
      }
      figures.append(
        Figure(
          column: aggregate.column,
          evaluator: expression.map(ExpressionEvaluator.init),
          filter: aggregate.filter.map(PredicateEvaluator.init),
          // A group there is has a row, so that only these sums need know how many.
          state: aggregate.makeState(
            countsRows: keyColumns.isEmpty || averaged.contains(needed) || aggregate.filter != nil
              || aggregate.columns.contains { schema.columns[$0].isNullable },
            isGrouped: !keyColumns.isEmpty, range: aggregate.column.flatMap { valueRanges[$0] },
            expectedRowCount: expectedRowCount)))
    }
    distincts = figures.compactMap { $0.state as? any DistinctMemory }
    if keyColumns.isEmpty { reserve() }
  }

  private static func figure(of aggregate: Aggregate) -> Aggregate {
    switch aggregate {
    case .average(let name): .sum(name)
    case .computed(.average, let value): .computed(.sum, value)
    case .filtered(let inner, let condition): .filtered(figure(of: inner), condition)
    default: aggregate
    }
  }

  /// Room for group numbers; without keys there is one group even when there are no rows.
  private var groupCount: Int { keyColumns.isEmpty ? 1 : encoder.table.count }

  /// The groups there are, ascending: numbers for `value(ofGroup:at:)`.
  public var groups: [Int] { encoder.table.metNumbers(of: groupCount) }

  private func reserve() {
    let groupCount = groupCount
    for index in figures.indices { figures[index].state.reserve(groupCount: groupCount) }
  }

  /// Adds the selected rows of a page.
  ///
  /// - Parameter selection: nil for all rows.
  /// - Parameter bounds: what is known of a column of the page, nil for nothing; saves looking at
  ///   the values to find how wide computed values are.
  /// - Parameter column: gives a column of the page by its position in the schema; asked for each
  ///   of `columns` at least once.
  /// - Parameter gathered: gives some rows of a column of the page.
  /// - Throws: what the closures throw, and `StorageError.limitExceeded` for a computed value of
  ///   more than 38 digits.
  public func add(
    rowCount: Int, selection: Bitmap?, bounds: (Int) throws -> ValueBounds? = { _ in nil },
    gathered: (_ column: Int, _ rows: [UInt32]) throws -> ColumnVector,
    column: (Int) throws -> ColumnVector
  ) throws {
    guard let selection, selection.setCount * Self.sparseRowsPerSelected <= rowCount else {
      return try addRows(rowCount, selection: selection, bounds: bounds, column: column)
    }
    let rows = selection.rowIDs()
    let vectors = PageVectors(columns, try columns.map { try gathered($0, rows) })
    try addRows(rows.count, selection: nil, bounds: bounds) { index in
      guard let vector = vectors[index] else { preconditionFailure("column \(index) is not read") }
      return vector
    }
  }

  /// The same with columns that are only known whole.
  public func add(
    rowCount: Int, selection: Bitmap?, bounds: (Int) throws -> ValueBounds? = { _ in nil },
    column: (Int) throws -> ColumnVector
  ) throws {
    try add(
      rowCount: rowCount, selection: selection, bounds: bounds,
      gathered: { try column($0).gather($1) }, column: column)
  }

  private func addRows(
    _ rowCount: Int, selection: Bitmap?, bounds: (Int) throws -> ValueBounds?,
    column: (Int) throws -> ColumnVector
  ) throws {
    defer {
      inputs.removeAll(keepingCapacity: true)
      keys.removeAll(keepingCapacity: true)
    }
    for index in figures.indices {
      var selection = selection
      if let state = figures[index].state as? FilteredState,
        let accepted = try figures[index].filter?.evaluate(rowCount: rowCount, column: column)
      {
        state.accepted = accepted
        selection = selection.map(accepted.intersection) ?? accepted
      }
      let values = try figures[index].evaluator?.evaluate(
        rowCount: rowCount, selection: selection,
        bounds: { try $0 < columnCount ? bounds($0) : nil },
        column: { $0 < columnCount ? try column($0) : computed($0) })
      let input = try values ?? figures[index].column.map(column)
      inputs.append(input)
    }
    if keyColumns.isEmpty {
      for index in figures.indices {
        let state = figures[index].state
        state.fold(
          Figure.accepted(inputs[index], by: state), selection: selection, rowCount: rowCount,
          group: 0)
      }
      return
    }
    for index in keyColumns { keys.append(try column(index)) }
    if let groups = encoder.byteGroups(of: keys, selection: selection, rowCount: rowCount) {
      reserve()
      for index in figures.indices { figures[index].state.add(inputs[index], to: groups) }
      return
    }
    addListed(selection: selection, rowCount: rowCount)
  }

  private func computed(_ column: Int) -> ColumnVector {
    guard let vector = inputs[column - columnCount] else {
      preconditionFailure("a computed column before it is computed")
    }
    return vector
  }

  private func addListed(selection: Bitmap?, rowCount: Int) {
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
        for index in figures.indices {
          let state = figures[index].state
          state.scatter(
            Figure.accepted(inputs[index], by: state), rows: rows,
            groups: UnsafeBufferPointer(groups))
        }
      }
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

  /// Bytes of memory that it holds for its groups, about: of each its key, its number, and 16 bytes
  /// for each figure; and what distinct counts take.
  public var byteCount: Int {
    let ofGroup = 16 * figures.count + 24 * keyColumns.count + 16
    return groupCount * ofGroup + distinctByteCount
  }

  /// Bytes of memory that the values of distinct counts take.
  public var distinctByteCount: Int {
    distincts.reduce(0) { $0 + $1.byteCount }
  }

  func ranks(ofAggregate aggregate: Int) -> [Int64]? {
    aggregates[aggregate].isAverage ? nil : figures[figureOrdinals[aggregate]].state.ranks
  }

  /// The figure that one aggregate has for one group.
  /// - Throws: `StorageError.limitExceeded` when a sum does not fit 38 digits.
  func result(_ aggregate: Int, group: Int) throws -> Value {
    try figures[figureOrdinals[aggregate]].state.result(aggregates[aggregate], group: group)
  }
}
