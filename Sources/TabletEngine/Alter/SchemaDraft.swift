import StorageBase

/// The columns of a table on the way from one definition to the next, change by change.
struct SchemaDraft {
  private let table: TableDefinition
  private var columns: [Column]
  private var nextColumnID: ColumnID
  private var dropped: Set<ColumnID> = []

  init(_ table: TableDefinition) {
    self.table = table
    columns = table.schema.columns
    nextColumnID = table.nextColumnID
  }

  /// - Throws: `StorageError` saying what does not fit and what would.
  mutating func apply(_ change: SchemaChange) throws {
    switch change {
    case .addColumn(let name, let type, let isNullable, let value, let previous):
      try add(name, type, isNullable: isNullable, value, after: previous)
    case .dropColumn(let name): try drop(name)
    case .renameColumn(let name, let other):
      let position = try self.position(of: name)
      try requireFree(other)
      columns[position] = columns[position].changed(name: other)
    case .widenColumn(let name, let type): try widen(name, to: type)
    case .makeNullable(let name):
      let position = try self.position(of: name)
      try requireUnbound(columns[position], "become nullable")
      columns[position] = columns[position].changed(isNullable: true)
    }
  }

  /// The definition with the changes.
  func finished() throws -> TableDefinition {
    var next = table
    next.schema = try Schema(
      columns: columns, sortKeyCount: table.schema.sortKeyCount,
      keysModel: table.schema.keysModel)
    // Columns that rows are spread by are never dropped.
    next.distribution = table.distribution.compactMap {
      next.schema.index(of: table.schema.columns[$0].id)
    }
    next.segmentOptions.filters.removeAll { dropped.contains($0.column) }
    try next.segmentOptions.validate(for: next.schema)
    next.rowStore = try table.rowStore?.without(dropped)?.checked(for: next.schema)
    next.indexes = try ColumnIndex.checked(
      table.indexes.filter { !dropped.contains($0.column) }, for: next.schema)
    if let name = table.uniqueKeys?.sequenceColumn, let old = table.schema.index(of: name),
      let new = next.schema.index(of: table.schema.columns[old].id)
    {
      next.uniqueKeys?.sequenceColumn = next.schema.columns[new].name
    }
    next.nextColumnID = nextColumnID
    next.schemaVersion += 1
    return next
  }

  private mutating func add(
    _ name: String, _ type: DataType, isNullable: Bool, _ value: Value?, after previous: String?
  ) throws {
    try requireFree(name)
    let value = value ?? .null
    if let problem = Self.problem(value, type, isNullable: isNullable) {
      throw refusal("add column", name, problem)
    }
    var place = columns.count
    if let previous {
      place = try position(of: previous) + 1
      guard place >= table.schema.sortKeyCount else {
        throw refusal(
          "add column", name,
          "it would be part of the sort key; put it after "
            + "\(columns[table.schema.sortKeyCount - 1].name) or a later column")
      }
    }
    guard nextColumnID.rawValue <= Limits.columnIDMax else {
      throw StorageError.limitExceeded(
        what: "the next column id of table \(table.name)", value: Int(nextColumnID.rawValue),
        limit: Int(Limits.columnIDMax), remedy: "load its rows into a new table")
    }
    columns.insert(
      Column(
        id: nextColumnID, name: name, type: type, isNullable: isNullable, defaultValue: value),
      at: place)
    nextColumnID = ColumnID(rawValue: nextColumnID.rawValue + 1)
  }

  /// Why a column cannot have a default, in words.
  static func problem(_ value: Value, _ type: DataType, isNullable: Bool) -> String? {
    if value.isNull {
      return isNullable
        ? nil : "rows that are there need a value; give a default, or let it be nullable"
    }
    if case .string(let text) = value, text.utf8.count > Limits.columnDefaultByteCountMax {
      return "the default has \(text.utf8.count) bytes, the limit is "
        + "\(Limits.columnDefaultByteCountMax)"
    }
    return type.holds(value) ? nil : "the default \(value) is no value of type \(type)"
  }

  private mutating func drop(_ name: String) throws {
    let position = try self.position(of: name)
    if let reason = table.reasonToKeep(columns[position].id) {
      throw refusal("drop column", name, reason)
    }
    dropped.insert(columns.remove(at: position).id)
  }

  private mutating func widen(_ name: String, to type: DataType) throws {
    let position = try self.position(of: name)
    let column = columns[position]
    if column.type == type { return }
    try requireUnbound(column, "change its type")
    guard column.type.widens(to: type) else {
      throw refusal(
        "widen column", name,
        "\(column.type) cannot become \(type) without rewriting rows; "
          + (column.type.widerTypes.map { "possible: \($0)" } ?? "it has no wider type"))
    }
    columns[position] = column.changed(type: type)
  }

  /// The order of rows, their buckets and short keys are made of the columns' types as they are.
  private func requireUnbound(_ column: Column, _ action: String) throws {
    guard let reason = table.reasonToKeep(column.id) else { return }
    throw refusal("column", column.name, "it cannot \(action): \(reason)")
  }

  private func position(of name: String) throws -> Int {
    if let position = columns.firstIndex(where: { $0.name == name }) { return position }
    throw StorageError.unknownName(kind: "column", name: name, known: columns.map(\.name))
  }

  private func requireFree(_ name: String) throws {
    guard !columns.contains(where: { $0.name == name }) else {
      throw StorageError.alreadyExists(kind: "column", name: name)
    }
  }

  private func refusal(_ what: String, _ name: String, _ reason: String) -> StorageError {
    .invalidArgument(name: what, value: "\(name) of table \(table.name)", reason: reason)
  }
}

extension TableDefinition {
  /// The definition after some changes, one after the other.
  /// - Throws: `StorageError` for the first that does not fit.
  public func altered(by changes: [SchemaChange]) throws -> TableDefinition {
    guard !changes.isEmpty else {
      throw StorageError.invalidArgument(
        name: "alter table", value: name, reason: "there is nothing to change")
    }
    var draft = SchemaDraft(self)
    for change in changes { try draft.apply(change) }
    return try draft.finished()
  }

  /// Why a column must stay, and stay of its type, in words; nil when it need not.
  func reasonToKeep(_ column: ColumnID) -> String? {
    guard let position = schema.index(of: column) else { return nil }
    if position < schema.sortKeyCount { return "rows are sorted by it" }
    if distribution.contains(position) { return "rows are spread over tablets by it" }
    if schema.columns[position].name == uniqueKeys?.sequenceColumn {
      return "it decides which row of a key is the newest"
    }
    return nil
  }
}

extension Column {
  fileprivate func changed(
    name: String? = nil, type: DataType? = nil, isNullable: Bool? = nil
  ) -> Column {
    Column(
      id: id, name: name ?? self.name, type: type ?? self.type,
      isNullable: isNullable ?? self.isNullable, defaultValue: defaultValue)
  }
}
