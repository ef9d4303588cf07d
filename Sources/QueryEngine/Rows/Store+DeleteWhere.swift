import ScanKernels
import StorageBase
import TabletEngine

extension Store {
  /// Deletes the rows of a unique-key table for which a condition is true: see
  /// `delete(from:label:select:)`.
  /// - Parameter condition: as SQL writes it after WHERE.
  /// - Throws: `SQLError` for a condition that cannot be understood, and as the other.
  @discardableResult
  public func delete(
    from table: String, where condition: String, label: String = ""
  ) throws -> CommitReceipt {
    try delete(from: table, label: label) { try $0.deletions(where: condition) }
  }
}

extension TableSnapshot {
  /// What deletes the rows for which a condition is true.
  /// - Throws: as `Store.delete(from:where:label:)`.
  public func deletions(where condition: String) throws -> ColumnBatch {
    let known = try RowCondition(
      condition, schema: definition.schema, table: definition.name)
    var query = Query.selecting(try definition.deletionColumns().map(\.name))
    for column in known.derived { query = query.deriving(column.name, column.function) }
    return try query.filtered(by: known.predicate).batch(of: self)
  }
}
