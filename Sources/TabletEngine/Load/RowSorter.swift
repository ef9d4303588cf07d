import ScanKernels
import StorageBase

/// Puts rows of a batch into sort-key order.
struct RowSorter {
  private let keys: SortKeys

  init(_ batch: ColumnBatch) {
    keys = SortKeys(Array(batch.columns[..<batch.schema.sortKeyCount]))
  }

  /// `rows` in key order; rows of equal keys keep their order. O(n log n).
  func sorted(_ rows: [UInt32]) -> [UInt32] {
    struct Item {
      let prefix: UInt64
      let row: UInt32
    }
    // A local copy: the closures capture the keys, not the sorter.
    let keys = self.keys
    var items = rows.map { Item(prefix: keys.leadingPrefix(Int($0)), row: $0) }
    items.sort { a, b in
      if a.prefix != b.prefix { return a.prefix < b.prefix }
      let order = keys.compare(Int(a.row), keys, Int(b.row))
      return order != 0 ? order < 0 : a.row < b.row
    }
    return items.map(\.row)
  }
}
