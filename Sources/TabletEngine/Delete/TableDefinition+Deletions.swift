import ScanKernels
import StorageBase

extension TableDefinition {
  /// What has to be known of a row to delete it: its key and, where sequences decide which row of a
  /// key is the newest, its sequence. In the order of the table.
  /// - Throws: `StorageError.invalidArgument` when the keys of the table are not unique.
  public func deletionColumns() throws -> [Column] {
    guard let uniqueKeys else {
      throw StorageError.invalidArgument(
        name: "deletion from table \(name)", value: "\(schema.keysModel) keys",
        reason: "rows are deleted by their keys where these are unique; create it with unique keys")
    }
    let sequence = uniqueKeys.sequenceColumn.flatMap { schema.index(of: $0) }
    return Array(schema.columns[..<schema.sortKeyCount])
      + (sequence.map { [schema.columns[$0]] } ?? [])
  }

  /// Whole rows of deletions: nobody ever sees what is in the other columns.
  /// - Throws: `StorageError.schemaMismatch` unless the columns are `deletionColumns`.
  func wholeRows(of deletions: ColumnBatch) throws -> ColumnBatch {
    let known = try deletionColumns()
    try check(deletions, as: known) { _, nulls in nulls.setCount }
    let columns = schema.columns.map { column in
      if let position = known.firstIndex(where: { $0.id == column.id }) {
        return deletions.columns[position]
      }
      return .constant(
        column.isNullable ? .null : column.type.filler, type: column.type,
        count: deletions.rowCount)
    }
    return ColumnBatch(schema: schema, rowCount: deletions.rowCount, columns: columns)
  }
}

extension DataType {
  /// Some value, for rows that nobody sees.
  var filler: Value {
    switch physical {
    case .bytes: .string("")
    case .float32, .float64: .floating(0)
    case .int8, .int16, .int32, .int64, .int128: .integer(0)
    }
  }
}

extension ColumnVector {
  /// The same with a value in the place of nulls.
  func replacingNulls(by value: Value) -> ColumnVector {
    guard let nulls else { return self }
    guard !nulls.isEmpty else {
      return ColumnVector(type: type, count: count, body: body, nulls: nil)
    }
    let builder = ColumnBuilder(type: type, capacity: count + 1)
    builder.append(widened(), rows: 0..<count)
    builder.append(value)
    let filled = builder.finish().gather(
      (0..<count).map { UInt32(nulls[$0] ? count : $0) })
    return ColumnVector(type: type, count: count, body: filled.body, nulls: nil)
  }
}
