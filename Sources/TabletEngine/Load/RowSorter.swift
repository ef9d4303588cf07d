import ScanKernels
import StorageBase

/// Puts rows of a batch into sort-key order.
///
/// A batch that is in order already costs one comparison a row. Others are sorted by the prefixes
/// of the first key column, byte by byte from the lowest (a radix sort, which is stable); rows of
/// equal prefixes by the next column in the same way, few rows by comparing them.
struct RowSorter {
  /// Fewer rows are sorted by comparing.
  private static let radixCountMin = 48

  private struct Item {
    var prefix: UInt64
    let row: UInt32
  }

  let keys: SortKeys
  /// Whether all rows of the batch are in key order, and therefore any of them.
  private let isInOrder: Bool

  init(_ batch: ColumnBatch) {
    keys = SortKeys(Array(batch.columns[..<batch.schema.sortKeyCount]))
    isInOrder = keys.firstDescent == nil
  }

  /// `rows`, which ascend, in key order; rows of equal keys keep their order. Linear in the rows
  /// and in the bytes of their prefixes that differ, but O(n log n) for rows of equal prefixes of
  /// strings or wide numbers.
  func sorted(_ rows: [UInt32]) -> [UInt32] {
    if isInOrder { return rows }
    let items = UnsafeMutableBufferPointer<Item>.allocate(capacity: rows.count)
    let scratch = UnsafeMutableBufferPointer<Item>.allocate(capacity: rows.count)
    defer {
      items.deallocate()
      scratch.deallocate()
    }
    for (index, row) in rows.enumerated() {
      items.initializeElement(at: index, to: Item(prefix: 0, row: row))
    }
    sort(items, scratch: scratch, column: 0)
    return items.map(\.row)
  }

  /// Sorts rows, in their order before, that have equal values in the key columns before `column`.
  private func sort(
    _ items: UnsafeMutableBufferPointer<Item>, scratch: UnsafeMutableBufferPointer<Item>,
    column: Int
  ) {
    guard items.count > 1, column < keys.columnCount else { return }
    keys.withPrefixes(of: column) { prefixes in
      for index in items.indices { items[index].prefix = prefixes[Int(items[index].row)] }
    }
    guard items.count >= Self.radixCountMin else { return sortComparing(items, from: column) }
    Self.sortByPrefix(items, scratch: scratch)
    let isExact = keys.isPrefixExact(column)
    if isExact, column + 1 == keys.columnCount { return }
    var start = 0
    while start < items.count {
      var end = start + 1
      while end < items.count, items[end].prefix == items[start].prefix { end += 1 }
      if end - start > 1 {
        let run = UnsafeMutableBufferPointer(rebasing: items[start..<end])
        if isExact {
          sort(
            run, scratch: UnsafeMutableBufferPointer(rebasing: scratch[start..<end]),
            column: column + 1)
        } else {
          sortComparing(run, from: column)
        }
      }
      start = end
    }
  }

  /// Sorts items whose prefixes are those of `column`.
  private func sortComparing(_ items: UnsafeMutableBufferPointer<Item>, from column: Int) {
    // A local copy: the closure captures the keys, not the sorter.
    let keys = self.keys
    var items = items
    items.sort { a, b in
      if a.prefix != b.prefix { return a.prefix < b.prefix }
      let order = keys.compare(Int(a.row), keys, Int(b.row), from: column)
      return order != 0 ? order < 0 : a.row < b.row
    }
  }

  /// Orders items by their prefixes; a byte that is the same in all costs nothing.
  private static func sortByPrefix(
    _ items: UnsafeMutableBufferPointer<Item>, scratch: UnsafeMutableBufferPointer<Item>
  ) {
    // Differences from the least have their bytes at the low end.
    var least = UInt64.max
    var greatest: UInt64 = 0
    for item in items {
      least = min(least, item.prefix)
      greatest = max(greatest, item.prefix)
    }
    let range = greatest &- least
    var source = items
    var target = scratch
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { places in
      var shift: UInt64 = 0
      while shift < 64, range &>> shift != 0 {
        places.initialize(repeating: 0)
        for item in source { places[Int(((item.prefix &- least) &>> shift) & 0xFF)] &+= 1 }
        var next = 0
        for index in places.indices { (places[index], next) = (next, next &+ places[index]) }
        for item in source {
          let digit = Int(((item.prefix &- least) &>> shift) & 0xFF)
          target.initializeElement(at: places[digit], to: item)
          places[digit] &+= 1
        }
        swap(&source, &target)
        shift &+= 8
      }
    }
    if source.baseAddress != items.baseAddress {
      items.baseAddress?.update(from: source.baseAddress!, count: items.count)
    }
  }
}
