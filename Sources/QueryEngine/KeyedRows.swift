import ScanKernels
import StorageBase
import TabletEngine

/// The keys that the rows of a query have to have: those of a filter that holds each key column of
/// a unique-key table to one value or some. Their rows are looked up, which is exact for the
/// snapshot, and the rest of the filter is asked of them as of any other row.
struct KeyedRows {
  /// Keys up to which rows are looked up; they make one page.
  static let keyCountMax = 1024

  /// The key columns.
  let keys: [ColumnVector]
  let count: Int

  /// Nil when the filter says less, when there are more of them, or when the keys of the table are
  /// made unique by readers: then there is nothing to ask.
  /// - Parameter filter: bound to the columns of the table, whatever follows them.
  init?(_ filter: BoundPredicate, _ definition: TableDefinition) {
    guard definition.uniqueKeys?.merge == .onWrite else { return nil }
    let columns = definition.schema.columns[..<definition.schema.sortKeyCount]
    var combinations: [[Value]] = [[]]
    for (position, column) in columns.enumerated() {
      guard let values = filter.equalityValues(ofColumn: position) else { return nil }
      // What a column cannot hold, no row has.
      let possible = values.filter {
        column.type.holds($0) && (column.isNullable || !$0.isNull)
      }
      guard possible.count * combinations.count <= Self.keyCountMax else { return nil }
      combinations = combinations.flatMap { prefix in possible.map { prefix + [$0] } }
    }
    keys = columns.enumerated().map { position, column in
      let builder = ColumnBuilder(type: column.type, capacity: combinations.count)
      for key in combinations { builder.append(key[position]) }
      return builder.finish()
    }
    count = combinations.count
  }
}
