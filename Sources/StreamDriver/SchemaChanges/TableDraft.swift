import StorageBase
import TabletEngine

/// A table of a stream on the way from one schema to the next, change by change. A value.
struct TableDraft {
  private(set) var definition: TableDefinition
  /// Which of its columns are which of the pipeline.
  private(set) var binding: [String: ColumnID]
  private let version: Int
  private var changes: [SchemaChange] = []

  /// - Parameters:
  ///   - definition: as it will be once everything decided before has been done.
  ///   - binding: nil for a table whose columns are called as the pipeline calls them.
  init(_ definition: TableDefinition, binding: [String: ColumnID]?, rows: Schema) {
    self.definition = definition
    version = definition.schemaVersion
    let names = rows.columns.map(\.name)
    self.binding =
      binding
      ?? Dictionary(
        uniqueKeysWithValues: names.compactMap { name in
          definition.schema.index(of: name).map { (name, definition.schema.columns[$0].id) }
        })
  }

  /// Nil for none.
  var alteration: SchemaHistory.Alteration? {
    changes.isEmpty
      ? nil
      : SchemaHistory.Alteration(table: definition.name, version: version, changes: changes)
  }

  /// Takes over a change of the rows.
  /// - Parameters:
  ///   - names: what the pipeline calls the columns that are changed.
  ///   - rows: with the change, as they go to the table.
  /// - Throws: `StorageError` for what the table does not allow.
  mutating func apply(_ change: SchemaChange, to names: [String], rows: Schema) throws {
    switch change {
    case .addColumn(let sourceName, _, _, let value, let previous):
      for name in names {
        guard let place = rows.index(of: name) else { continue }
        try add(rows.columns[place], as: sourceName, value, after: previous)
      }
    case .dropColumn:
      for name in names where rows.index(of: name) == nil {
        if let column = column(name) { try note(.dropColumn(column.name)) }
      }
    case .renameColumn(let old, let new):
      for name in names where column(name)?.name == old {
        try note(.renameColumn(old, to: new))
      }
    case .widenColumn, .makeNullable: break
    }
    try fit(rows)
  }

  /// - Throws: why a column has to stay.
  func requireDroppable(_ names: [String]) throws {
    for name in names {
      if let column = column(name) { _ = try definition.altered(by: [.dropColumn(column.name)]) }
    }
  }

  private func column(_ name: String) -> Column? {
    binding[name].flatMap { definition.schema.index(of: $0) }.map { definition.schema.columns[$0] }
  }

  private mutating func note(_ change: SchemaChange) throws {
    definition = try definition.altered(by: [change])
    changes.append(change)
  }

  private mutating func add(
    _ column: Column, as name: String, _ value: Value?, after previous: String?
  ) throws {
    if let place = definition.schema.index(of: name) {
      let known = definition.schema.columns[place]
      guard !binding.values.contains(known.id),
        column.type == known.type || column.type.widens(to: known.type)
      else { throw StorageError.alreadyExists(kind: "column of table", name: name) }
      binding[column.name] = known.id
      return
    }
    let place = previous.flatMap { definition.schema.index(of: $0) }
    let canFollow = place.map { $0 + 1 >= definition.schema.sortKeyCount } ?? false
    try note(
      .addColumn(
        name: name, type: column.type, isNullable: column.isNullable, defaultValue: value,
        after: canFollow ? previous : nil))
    binding[column.name] =
      definition.schema.columns[try definition.schema.requireIndex(of: name)].id
  }

  /// Makes columns as wide as the rows have them, also those that were computed of changed ones.
  private mutating func fit(_ rows: Schema) throws {
    for row in rows.columns {
      guard let column = column(row.name) else { continue }
      if column.type != row.type, !row.type.widens(to: column.type) {
        try note(.widenColumn(column.name, to: row.type))
      }
      if row.isNullable, !column.isNullable { try note(.makeNullable(column.name)) }
    }
  }
}
