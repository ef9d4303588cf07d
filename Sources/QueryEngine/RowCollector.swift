import ScanKernels
import StorageBase

/// Gathers the selected rows of a projection, holding not many more than its limit.
///
/// With an order and a limit it cuts back to the best rows whenever it holds twice the limit. What
/// then comes after the last of them can no longer be in the result, which is a condition on the
/// first ordering column, evaluated a page at a time like any other.
struct RowCollector {
  /// Below this many rows cutting back is not worth it.
  private static let heldRowCountMin = 256

  /// The positions in the schema of the columns of a held row: the result, then what it is only
  /// ordered by.
  let columns: [Int]
  private let schema: Schema
  private let order: RowOrder
  private let limit: Int?
  private var rows: [[Value]] = []
  /// Selects the rows that may come before the last of `limit` rows already seen.
  private var threshold: PredicateEvaluator?

  init(columns: [Int], schema: Schema, order: RowOrder, limit: Int?) {
    self.columns = columns
    self.schema = schema
    self.order = order
    self.limit = limit
  }

  /// What a row has to be to change the result; nil for any.
  var needed: BoundPredicate? { threshold?.predicate }

  /// Bytes of the rows that are held, texts aside.
  var byteCount: Int {
    rows.count * (columns.count * MemoryLayout<Value>.stride + Self.rowByteCount)
  }

  /// What a row takes besides its values.
  private static let rowByteCount = 40

  /// Whether no further row can change the result.
  var isComplete: Bool {
    guard let limit else { return false }
    return limit == 0 || (order.terms.isEmpty && rows.count >= limit)
  }

  /// Adds the selected rows of a page (nil: all).
  /// - Parameter gathered: some rows of a column.
  mutating func add(
    rowCount: Int, selection: Bitmap?, gathered: (Int, [UInt32]) throws -> ColumnVector,
    column: (Int) throws -> ColumnVector
  ) throws {
    var selection = selection
    if let passing = try threshold?.evaluate(rowCount: rowCount, column: column) {
      if let selection { passing.formIntersection(selection) }
      if passing.isEmpty { return }
      selection = passing
    }
    let selected = selection?.rowIDs()
    let vectors = try columns.map { index in
      if let selected { return try gathered(index, selected) }
      return try column(index)
    }
    for row in 0..<(selected?.count ?? rowCount) {
      if isComplete { return }
      rows.append(vectors.map { $0[row] })
      if let limit, rows.count >= Self.heldRowCountMin, rows.count / 2 >= limit {
        try cut(to: limit)
      }
    }
  }

  private mutating func cut(to limit: Int) throws {
    guard let (position, direction) = order.terms.first else { return }
    rows = order.sorted(rows, limit: limit)
    guard let last = rows.last?[position] else { return }
    let name = schema.columns[columns[position]].name
    let condition: Predicate
    switch (direction, last) {
    case (.ascending, .null): condition = .isNull(name)
    case (.descending, .null): return
    case (.ascending, _):
      condition = .isNull(name) || .compare(name, .lessOrEqual, .stored(last))
    case (.descending, _): condition = .compare(name, .greaterOrEqual, .stored(last))
    }
    threshold = PredicateEvaluator(try condition.bound(to: schema))
  }

  /// The first `width` columns of the rows, in order.
  func result(width: Int) -> [[Value]] {
    let sorted = order.sorted(rows, limit: limit)
    return width == columns.count ? sorted : sorted.map { Array($0.prefix(width)) }
  }
}
