import ScanKernels
import SegmentFormat
import StorageBase

/// Keys of one tablet whose rows are looked for: in any order, some perhaps more than once.
struct SoughtKeys: Sendable {
  /// The key columns, wide and of their types in the schema of the table.
  let columns: [ColumnVector]
  let keyColumns: [Column]

  init(columns: [ColumnVector], keyColumns: [Column]) {
    self.columns = columns
    self.keyColumns = keyColumns
  }

  /// One key.
  /// - Precondition: the values are those of the key columns.
  init(_ key: [Value], of schema: Schema) {
    keyColumns = Array(schema.columns[..<schema.sortKeyCount])
    columns = zip(keyColumns, key).map { column, value in
      let builder = ColumnBuilder(type: column.type, capacity: 1)
      builder.append(value)
      return builder.finish()
    }
  }

  var count: Int { columns.first.map(\.count) ?? 0 }

  /// Looks for some of the keys in the segments of a snapshot. They are encoded and sorted for it,
  /// which an index in memory has no need of.
  /// - Parameter wanted: their positions; nil for all.
  func search(
    _ wanted: [UInt32]? = nil, in tablet: TabletSnapshot, into locations: inout KeyLocations
  ) throws {
    let columns = wanted.map { rows in self.columns.map { $0.gather(rows) } } ?? self.columns
    var encoded = try SortKeyBytes.encode(columns, keyColumns)
    var order: [UInt32] = [0]
    if encoded.count != 1 {
      let keys = encoded
      order = (0..<UInt32(keys.count)).sorted {
        compareBytes(keys[Int($0)], keys[Int($1)]) < 0
      }
      encoded = keys.gather(order)
    }
    let found = try KeySearch(encoded, in: tablet).locations
    for (index, location) in found.enumerated() {
      guard let location else { continue }
      let position = order[index]
      locations.set(Int(wanted?[Int(position)] ?? position), location)
    }
  }
}
