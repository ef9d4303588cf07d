import StorageBase

extension Store {
  /// Begins a partial load of one phase into a unique-key table that merges on write: all rows give
  /// the same columns.
  /// - Parameters:
  ///   - columns: the columns of its batches in their order, all key columns among them.
  ///   - onNewKey: what becomes of keys that the table has no row of.
  ///   - strategy: how rows that are there get their new values; nil for what the table says.
  /// - Throws: `StorageError.unknownName`; `.invalidArgument` for a table of another kind, for a
  ///   column named twice and for a key column that is missing; as `begin`.
  public func beginPartialLoad(
    into table: String, updating columns: [String],
    onNewKey newKeys: PartialUpdate.NewKeys = .insertDefaults,
    strategy: PartialUpdate.Strategy? = nil, label: String = ""
  ) throws -> PartialLoadBuilder {
    let table = try partialTable(table)
    return PartialLoadBuilder(
      store: self, table: table, columns: try table.definition.positions(ofPartialLoad: columns),
      isFlexible: false, newKeys: newKeys,
      strategy: strategy, token: try beginTransaction(label: label, timeoutSeconds: nil))
  }

  /// Begins a partial load whose rows name their own columns: see `beginPartialLoad`.
  public func beginFlexibleLoad(
    into table: String, onNewKey newKeys: PartialUpdate.NewKeys = .insertDefaults,
    strategy: PartialUpdate.Strategy? = nil, label: String = ""
  ) throws -> PartialLoadBuilder {
    let table = try partialTable(table)
    return PartialLoadBuilder(
      store: self, table: table, columns: Array(table.definition.schema.columns.indices),
      isFlexible: true, newKeys: newKeys,
      strategy: strategy, token: try beginTransaction(label: label, timeoutSeconds: nil))
  }

  /// - Throws: `StorageError.unknownName`, `.invalidArgument` for a table of another kind.
  func partialTable(_ name: String) throws -> TableSnapshot {
    let table = try snapshot(of: name)
    guard table.definition.uniqueKeys?.merge == .onWrite else {
      throw StorageError.invalidArgument(
        name: "partial load into table \(name)", value: name,
        reason: "rows are completed where keys are unique and merged on write")
    }
    return table
  }
}

extension TableDefinition {
  /// The positions of the columns that the rows of a partial load give.
  /// - Throws: `StorageError.unknownName`, `.invalidArgument` for a column named twice and for a
  ///   key column that is missing.
  func positions(ofPartialLoad columns: [String]) throws -> [Int] {
    let positions = try columns.map { try schema.requireIndex(of: $0) }
    func refusal(_ column: String, _ reason: String) -> StorageError {
      .invalidArgument(name: "columns of a partial load", value: column, reason: reason)
    }
    if let twice = Set(columns).first(where: { name in columns.filter { $0 == name }.count > 1 }) {
      throw refusal(twice, "it is named twice")
    }
    for key in 0..<schema.sortKeyCount where !positions.contains(key) {
      throw refusal(schema.columns[key].name, "key columns are given always")
    }
    return positions
  }
}
