import ScanKernels
import StorageBase

extension Schema {
  /// Rows as this schema of a table has them: by the columns that are meant, whatever they are
  /// called. Those that the table has no more are left out; those that the rows do not have yet get
  /// their default. Linear in the columns, and in the rows of those that are widened.
  /// - Parameter binding: which column of the table is which of the rows.
  /// - Throws: `StorageError.schemaMismatch` for what does not fit.
  func bound(
    _ rows: ColumnBatch, by binding: [String: ColumnID], table: String
  ) throws -> ColumnBatch {
    var places: [ColumnID: Int] = [:]
    for (place, column) in rows.schema.columns.enumerated() {
      guard let id = binding[column.name] else {
        throw StorageError.schemaMismatch(
          table: table, column: column.name, expected: "a column of the table", found: "none")
      }
      places[id] = place
    }
    let columns = try self.columns.map { column in
      guard let place = places[column.id] else {
        return ColumnVector.constant(
          column.defaultValue ?? .null, type: column.type, count: rows.rowCount)
      }
      let type = rows.schema.columns[place].type
      guard type == column.type || type.widens(to: column.type) else {
        throw StorageError.schemaMismatch(
          table: table, column: column.name, expected: "\(column.type)", found: "\(type)")
      }
      return rows.columns[place].converted(to: column.type)
    }
    return ColumnBatch(schema: self, rowCount: rows.rowCount, columns: columns)
  }
  /// Rows that give some columns of this schema of a table as rows of all of them, and which rows
  /// give each; nil for all rows. O(columns).
  /// - Parameter given: by column of the rows; empty where all rows give all of them.
  /// - Throws: `StorageError.unknownName` for a column that the table does not have.
  func completed(
    _ rows: ColumnBatch, given: [Bitmap?], table: String
  ) throws -> (rows: ColumnBatch, given: [Bitmap?]) {
    for column in rows.schema.columns where index(of: column.name) == nil {
      throw StorageError.unknownName(
        kind: "column of table \(table)", name: column.name, known: columns.map(\.name))
    }
    let none = Bitmap(count: rows.rowCount)
    var vectors: [ColumnVector] = []
    var giving: [Bitmap?] = []
    for column in columns {
      guard let place = rows.schema.index(of: column.name) else {
        vectors.append(.constant(.null, type: column.type, count: rows.rowCount))
        giving.append(none)
        continue
      }
      vectors.append(rows.columns[place])
      giving.append(given.isEmpty ? nil : given[place])
    }
    return (ColumnBatch(schema: self, rowCount: rows.rowCount, columns: vectors), giving)
  }
}
