import ScanKernels
import StorageBase

/// Puts rows of a batch into sort-key order.
struct RowSorter {
  private let prefixes: [UInt64]
  private let keys: [ColumnVector]

  init(_ batch: ColumnBatch) {
    keys = Array(batch.columns[..<batch.schema.sortKeyCount])
    prefixes = KeyOrder.prefixes(of: keys[0])
  }

  /// `rows` in key order; rows of equal keys keep their order. O(n log n).
  func sorted(_ rows: [UInt32]) -> [UInt32] {
    struct Item {
      let prefix: UInt64
      let row: UInt32
    }
    var items = rows.map { Item(prefix: prefixes[Int($0)], row: $0) }
    let keys = keys
    items.sort { a, b in
      if a.prefix != b.prefix { return a.prefix < b.prefix }
      let order = KeyOrder.compare(keys, Int(a.row), keys, Int(b.row))
      return order != 0 ? order < 0 : a.row < b.row
    }
    return items.map(\.row)
  }
}
