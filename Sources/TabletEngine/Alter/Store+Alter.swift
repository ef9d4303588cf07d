import StorageBase
import TabletModel

extension Store {
  /// Changes the columns of a table, all of `changes` or none, one after the other, without
  /// touching a row: what is on disk is read under the new schema from now on, and written anew
  /// with the next compaction.
  ///
  /// Loads and queries go on meanwhile. A load that was begun before, one that waits for its second
  /// phase, and rows that a group load was promised keep the columns they came with; snapshots keep
  /// the schema they were taken with. Durable when this returns. O(tablets and columns).
  /// - Returns: the new schema version.
  /// - Throws: `StorageError` naming what does not fit and what would: `.unknownName`,
  ///   `.alreadyExists`, `.invalidArgument` for a sort-key or distribution column (which can be
  ///   renamed only), a type that is not wider, or a default that does not fit, `.invalidSchema`.
  @discardableResult
  public func alter(table: String, _ changes: [SchemaChange]) throws -> Int {
    let receipt = try commit(.alterTable(name: table, changes))
    return receipt.schemaVersion
  }
}

extension CommitGroup {
  mutating func alter(_ name: String, _ changes: [SchemaChange]) throws -> CommitReceipt {
    let table = try catalogue.requireTable(name)
    let definition = try table.definition.altered(by: changes)
    let alteration = TableAlteration(at: now, table: table.id, definition: definition)
    try catalogue.alter(alteration)
    LogRecord.alterTable(alteration).encode(into: &frame.bytes)
    require(.sync)
    var receipt = CommitReceipt()
    receipt.schemaVersion = definition.schemaVersion
    return receipt
  }
}

extension Catalogue {
  /// - Throws: `EditRefusal` when there is no such table or its rows would not fit.
  mutating func alter(_ alteration: TableAlteration) throws(EditRefusal) {
    guard let table = tables[alteration.table] else {
      throw EditRefusal("there is no table \(alteration.table)")
    }
    try table.definition.requireSuccessor(alteration.definition)
    add(table.altered(to: alteration.definition))
  }
}

extension TableSnapshot {
  /// The same rows under another schema.
  fileprivate func altered(to definition: TableDefinition) -> TableSnapshot {
    TableSnapshot(id: id, definition: definition, createdAt: createdAt, tablets: tablets)
  }
}
