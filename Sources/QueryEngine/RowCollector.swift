import ScanKernels
import StorageBase

/// Gathers the selected rows of a projection, holding not many more than its limit.
///
/// With an order and a limit it cuts back to the best rows whenever it holds twice the limit, and
/// from then on looks only at the ordering columns of a row before refusing it.
struct RowCollector {
  /// Below this many rows cutting back is not worth it.
  private static let heldRowCountMin = 1024

  /// The positions in the schema of the columns of a held row: the result, then what it is only
  /// ordered by.
  let columns: [Int]
  private let order: RowOrder
  private let limit: Int?
  private var rows: [[Value]] = []
  /// The worst of `limit` rows already seen: one that does not precede it cannot be in the result.
  private var worst: [Value]?

  init(columns: [Int], order: RowOrder, limit: Int?) {
    self.columns = columns
    self.order = order
    self.limit = limit
  }

  /// Whether no further row can change the result.
  var isComplete: Bool {
    guard let limit else { return false }
    return limit == 0 || (order.terms.isEmpty && rows.count >= limit)
  }

  /// Adds the selected rows of a page (nil: all).
  mutating func add(
    rowCount: Int, selection: Bitmap?, column: (Int) throws -> ColumnVector
  ) rethrows {
    let vectors = try columns.map(column)
    for row in selection?.rowIDs() ?? Array(0..<UInt32(rowCount)) {
      if isComplete { return }
      if let worst, !mayPrecede(worst, vectors, Int(row)) { continue }
      rows.append(vectors.map { $0[Int(row)] })
      if let limit, rows.count >= max(2 * limit, Self.heldRowCountMin) { cut(to: limit) }
    }
  }

  /// Compares by the first ordering column, which settles nearly all rows.
  private func mayPrecede(_ worst: [Value], _ vectors: [ColumnVector], _ row: Int) -> Bool {
    guard let (position, direction) = order.terms.first else { return true }
    let value = vectors[position][row]
    return direction == .ascending
      ? !worst[position].precedes(value) : !value.precedes(worst[position])
  }

  private mutating func cut(to limit: Int) {
    guard !order.terms.isEmpty else { return }
    rows = order.sorted(rows, limit: limit)
    worst = rows.last
  }

  /// The first `width` columns of the rows, in order.
  func result(width: Int) -> [[Value]] {
    let sorted = order.sorted(rows, limit: limit)
    return width == columns.count ? sorted : sorted.map { Array($0.prefix(width)) }
  }
}
