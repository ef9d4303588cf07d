import ScanKernels
import StorageBase

/// The key columns of some rows, prepared for comparing: 64 bits per row and column that mostly
/// decide by themselves (see `KeyOrder`), and the columns for when they do not.
struct SortKeys {
  let rowCount: Int
  private let columns: [ColumnVector]
  /// Prefixes of all rows of the first column, then of the second, …
  private let prefixes: [UInt64]
  /// By column: whether equal prefixes mean equal keys.
  private let isExact: [Bool]

  init(_ columns: [ColumnVector]) {
    self.columns = columns
    rowCount = columns.first?.count ?? 0
    var prefixes: [UInt64] = []
    prefixes.reserveCapacity(rowCount * columns.count)
    for column in columns { prefixes += KeyOrder.prefixes(of: column) }
    self.prefixes = prefixes
    isExact = columns.map(KeyOrder.isPrefixExact)
  }

  /// The first column's prefix of a row: of two rows with different ones the smaller sorts first.
  @inline(__always) func leadingPrefix(_ row: Int) -> UInt64 { prefixes[row] }

  var columnCount: Int { columns.count }

  /// Whether rows of equal prefixes of a key column have equal values in it.
  func isPrefixExact(_ column: Int) -> Bool { isExact[column] }

  /// Calls `body` with the prefixes of all rows of a key column.
  func withPrefixes(of column: Int, _ body: (UnsafeBufferPointer<UInt64>) -> Void) {
    prefixes.withUnsafeBufferPointer {
      body(UnsafeBufferPointer(rebasing: $0[column * rowCount..<(column + 1) * rowCount]))
    }
  }

  /// The first row that sorts before the one ahead of it; nil when the rows are in order.
  var firstDescent: Int? {
    prefixes.withUnsafeBufferPointer { prefixes in
      for row in 0..<rowCount where row > 0 {
        if prefixes[row] > prefixes[row &- 1] { continue }
        if prefixes[row] < prefixes[row &- 1] || compare(row, self, row &- 1) < 0 { return row }
      }
      return nil
    }
  }

  /// Negative, zero or positive as `row` sorts before, with or after row `otherRow` of `other`,
  /// which has the same key columns; only the columns from `firstColumn` on are looked at.
  @inline(__always)
  func compare(_ row: Int, _ other: SortKeys, _ otherRow: Int, from firstColumn: Int = 0) -> Int {
    var start = firstColumn &* rowCount
    var otherStart = firstColumn &* other.rowCount
    for column in firstColumn..<isExact.count {
      let a = prefixes[start &+ row]
      let b = other.prefixes[otherStart &+ otherRow]
      if a != b { return a < b ? -1 : 1 }
      if !isExact[column] || !other.isExact[column] {
        let order = compareValues(column, row, other, otherRow)
        if order != 0 { return order }
      }
      start &+= rowCount
      otherStart &+= other.rowCount
    }
    return 0
  }

  @inline(never)
  private func compareValues(_ column: Int, _ row: Int, _ other: SortKeys, _ otherRow: Int) -> Int {
    KeyOrder.compare(columns[column], row, other.columns[column], otherRow)
  }
}
