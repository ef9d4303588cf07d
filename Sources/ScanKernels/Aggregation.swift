import StorageBase

/// Aggregates over groups of rows, fed page by page. Not thread-safe: scanning threads have one
/// each and merge them.
///
/// Each page goes in three steps, column by column: the selected rows are listed, their group
/// numbers are found, and every aggregate adds its column into an array indexed by those numbers.
/// Without grouping the aggregates fold whole pages under the selection instead. After
/// "MonetDB/X100: Hyper-Pipelining Query Execution" (Boncz, Zukowski, Nes, CIDR 2005).
public final class Aggregation {
  /// The positions in the schema of the columns that make a group; nulls are a group of their own.
  public let keyColumns: [Int]
  public let aggregates: [BoundAggregate]
  /// The positions in the schema of all columns it reads, ascending.
  public let columns: [Int]

  private var encoder: GroupKeyEncoder
  /// Aggregates that need the same running figures share them, such as a sum and an average.
  private var states: [(column: Int?, state: any AggregateState)] = []
  private var stateOrdinals: [Int] = []
  private var numbers: [UInt32] = []
  private var allRows: [UInt32] = []

  /// - Precondition: the aggregates are bound to `schema`.
  public init(schema: Schema, groupBy keyColumns: [Int], aggregates: [BoundAggregate]) {
    self.keyColumns = keyColumns
    self.aggregates = aggregates
    columns = Set(keyColumns + aggregates.compactMap(\.column)).sorted()
    encoder = GroupKeyEncoder(columns: keyColumns.map { schema.columns[$0] })
    var known: [Aggregate: Int] = [:]
    for aggregate in aggregates {
      let figures = Self.figures(of: aggregate.aggregate)
      if let ordinal = known[figures] {
        stateOrdinals.append(ordinal)
        continue
      }
      known[figures] = states.count
      stateOrdinals.append(states.count)
      states.append((aggregate.column, Self.state(for: aggregate)))
    }
    if keyColumns.isEmpty { reserve() }
  }

  private static func figures(of aggregate: Aggregate) -> Aggregate {
    if case .average(let name) = aggregate { return .sum(name) }
    return aggregate
  }

  private static func state(for aggregate: BoundAggregate) -> any AggregateState {
    let type = aggregate.inputType
    let physical = type.physical
    func extreme(_ end: Extreme) -> any AggregateState {
      switch physical {
      case .bytes: StringExtremeState(end)
      case .int128: ExtremeState<Int128>(end, type: type)
      default: ExtremeState<Int64>(end, type: type)
      }
    }
    switch aggregate.aggregate {
    case .countAll, .count: return CountState()
    case .min: return extreme(.lowest)
    case .max: return extreme(.highest)
    case .sum, .average:
      switch physical {
      case .float32, .float64: return FloatSumState()
      case .int128: return WideSumState()
      default: return IntegerSumState()
      }
    }
  }

  /// Without keys there is one group even when there are no rows.
  public var groupCount: Int { keyColumns.isEmpty ? 1 : encoder.table.count }

  private func reserve() {
    for (_, state) in states { state.reserve(groupCount: groupCount) }
  }

  /// Adds the selected rows of a page.
  ///
  /// - Parameter selection: nil for all rows.
  /// - Parameter column: gives a column of the page by its position in the schema; asked for each
  ///   of `columns` at least once.
  public func add(
    rowCount: Int, selection: Bitmap?, column: (Int) throws -> ColumnVector
  ) rethrows {
    if keyColumns.isEmpty {
      for (index, state) in states {
        state.fold(try index.map(column), selection: selection, rowCount: rowCount)
      }
      return
    }
    let keys = try keyColumns.map(column)
    let inputs = try states.map { try $0.column.map(column) }
    let rows = selection?.rowIDs() ?? identity(rowCount)
    if numbers.count < rows.count {
      numbers.append(contentsOf: repeatElement(0, count: rows.count - numbers.count))
    }
    rows.withUnsafeBufferPointer { rows in
      numbers.withUnsafeMutableBufferPointer { numbers in
        let groups = UnsafeMutableBufferPointer(rebasing: numbers[..<rows.count])
        encoder.number(rows, of: keys, into: groups)
        reserve()
        for (input, (_, state)) in zip(inputs, states) {
          state.scatter(input, rows: rows, groups: UnsafeBufferPointer(groups))
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
    for ((_, state), (_, otherState)) in zip(states, other.states) {
      state.absorb(otherState, groups: groups)
    }
  }

  /// One row per group: its key, then its aggregates; sorted by key, nulls first.
  /// - Throws: `StorageError.limitExceeded` when a sum does not fit 38 digits.
  public func rows() throws -> [[Value]] {
    let keyCount = keyColumns.count
    var keys: [Value] = []
    keys.reserveCapacity(groupCount * keyCount)
    encoder.appendKeys(to: &keys)
    let order = AbbreviatedKey.order(ofRowsIn: keys, width: keyCount, count: groupCount)
    return try order.map { group in
      var row: [Value] = []
      row.reserveCapacity(keyCount + aggregates.count)
      row.append(contentsOf: keys[group * keyCount..<(group + 1) * keyCount])
      for (aggregate, ordinal) in zip(aggregates, stateOrdinals) {
        row.append(try states[ordinal].state.result(aggregate, group: group))
      }
      return row
    }
  }
}
