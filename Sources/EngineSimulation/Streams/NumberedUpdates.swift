import ScanKernels
import StorageBase
import StreamDriver
import TabletEngine

/// Rows that give some columns of a table with unique keys, one for each row of a `NumberedStream`,
/// in both forms; and what must be in the tables in the end. The keys of a partition are its own,
/// so that the order of its rows decides.
struct NumberedUpdates {
  private static let keysPerPartition: UInt64 = 6
  /// Besides the key; a writer has as many loads of the fixed form for a checkpoint at most.
  static let columnCount = 3
  /// The key, and columns of values.
  private let schema: Schema

  init() throws {
    schema = try Schema(
      columns: ["key", "a", "b", "c"].enumerated().map { position, name in
        Column(
          id: ColumnID(rawValue: UInt32(position + 1)), name: name, type: .int64,
          isNullable: position > 0)
      }, sortKeyCount: 1, keysModel: .unique)
  }

  func definition(name: String, strategy: PartialUpdate.Strategy) throws -> TableDefinition {
    try TableDefinition(
      name: name, schema: schema, distribution: ["key"], bucketCount: 2,
      uniqueKeys: UniqueKeyOptions(partialUpdates: strategy))
  }

  // MARK: What rows follow from numbers

  private static func chance(_ id: Int64, _ use: UInt64) -> UInt64 {
    mixBits(UInt64(id) &* 31 &+ use)
  }

  private static func key(of id: Int64) -> Int64 {
    (id >> 32) * Int64(keysPerPartition) + Int64(chance(id, 1) % keysPerPartition)
  }

  /// The column that a row of the fixed form gives: loads that give others are apart, so that no
  /// two of them may give the same one.
  private static func fixedColumn(of id: Int64) -> Int {
    Int(chance(id, 2) % UInt64(columnCount))
  }

  /// Whether a row of the flexible form gives a column.
  private static func gives(_ id: Int64, _ column: Int) -> Bool {
    chance(id, 3) >> UInt64(column) & 1 != 0
  }

  private static func deletes(_ id: Int64) -> Bool { chance(id, 4) % 13 == 0 }

  private static func value(_ id: Int64, _ column: Int) -> Value {
    chance(id, 5 + UInt64(column)) % 7 == 0 ? .null : .integer(Int128(id * 4 + Int64(column)))
  }

  // MARK: Rows to be written

  /// - Parameter ids: those of a partition in the order of the stream.
  func writes(of ids: [Int64]) throws -> [TableWrite] {
    var writes = try (0..<Self.columnCount).map { column in
      let own = ids.filter { Self.fixedColumn(of: $0) == column }
      let columns = [schema.columns[0], schema.columns[column + 1]]
      return TableWrite(
        table: NumberedStages.tables.fixed,
        rows: ColumnBatch(
          schema: try Schema(columns: columns, sortKeyCount: 1, keysModel: .unique),
          rowCount: own.count, columns: [keys(own), values(own, column)]),
        partial: PartialWrite())
    }
    writes.append(flexibleWrite(of: ids))
    return writes.filter { $0.rows.rowCount > 0 }
  }

  private func flexibleWrite(of ids: [Int64]) -> TableWrite {
    func rows(_ isIn: (Int64) -> Bool) -> Bitmap {
      let bitmap = Bitmap(count: ids.count)
      for (row, id) in ids.enumerated() where isIn(id) { bitmap.set(row) }
      return bitmap
    }
    let columns = [keys(ids)] + (0..<Self.columnCount).map { values(ids, $0) }
    return TableWrite(
      table: NumberedStages.tables.flexible,
      rows: ColumnBatch(schema: schema, rowCount: ids.count, columns: columns),
      deletions: rows(Self.deletes), partial: PartialWrite(isFlexible: true),
      given: [nil] + (0..<Self.columnCount).map { column in rows { Self.gives($0, column) } })
  }

  private func keys(_ ids: [Int64]) -> ColumnVector {
    let builder = ColumnBuilder(type: .int64, capacity: ids.count)
    for id in ids { builder.append(integer: Self.key(of: id)) }
    return builder.finish()
  }

  private func values(_ ids: [Int64], _ column: Int) -> ColumnVector {
    let builder = ColumnBuilder(type: .int64, capacity: ids.count)
    for id in ids { builder.append(Self.value(id, column)) }
    return builder.finish()
  }

  // MARK: Rows that must be there

  /// By key.
  /// - Parameter ids: all that are written, those of a partition in the order of the stream.
  static func fixedRows(_ ids: [Int64]) -> [[Value]] {
    rows(ids) { id, row in
      let column = fixedColumn(of: id)
      row = row ?? fresh
      row?[column] = value(id, column)
    }
  }

  /// The same of the flexible form.
  static func flexibleRows(_ ids: [Int64]) -> [[Value]] {
    rows(ids) { id, row in
      row = deletes(id) ? nil : row ?? fresh
      for column in 0..<columnCount where gives(id, column) { row?[column] = value(id, column) }
    }
  }

  /// A row of a new key that gives nothing.
  private static let fresh = [Value](repeating: .null, count: columnCount)

  private static func rows(
    _ ids: [Int64], _ update: (Int64, inout [Value]?) -> Void
  ) -> [[Value]] {
    var byKey: [Int64: [Value]] = [:]
    for id in ids { update(id, &byKey[key(of: id)]) }
    return byKey.sorted { $0.key < $1.key }.map { [.integer(Int128($0.key))] + $0.value }
  }
}
