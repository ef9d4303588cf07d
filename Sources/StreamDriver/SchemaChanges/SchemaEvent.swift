import StorageBase
import TabletEngine

/// A change of columns that a source tells of between two rows: those before it have the old
/// columns, those behind it the new ones. A value.
public struct SchemaEvent: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    /// One after the other.
    case changes([SourceChange])
    /// All columns of the table, as they are from now on.
    case columns([SourceColumn])
    /// It is a change, and nobody can tell which.
    case unclear(String)
  }

  /// Tells it from all others, wherever it is met: a source that has several partitions tells each
  /// of them. Nil where the source has no such thing.
  public var id: String?
  /// The table of the source; nil for the one there is.
  public var table: String?
  public var content: Content
  /// As the source told it, for people.
  public var text: String

  public init(id: String? = nil, table: String? = nil, content: Content, text: String) {
    self.id = id
    self.table = table
    self.content = content
    self.text = text
  }
}

/// A change of one column of the source's table. What is so already is no mistake: a mapping may
/// have been written when the change was known.
public enum SourceChange: Hashable, Sendable {
  case change(SchemaChange)
  /// What a column is like from now on.
  case redefine(SourceColumn)
}

/// A column as the source describes it.
public struct SourceColumn: Hashable, Sendable {
  public var name: String
  public var type: DataType
  public var isNullable: Bool
  public var defaultValue: Value?

  public init(name: String, type: DataType, isNullable: Bool, defaultValue: Value? = nil) {
    self.name = name
    self.type = type
    self.isNullable = isNullable
    self.defaultValue = defaultValue
  }

  /// The column as an addition: one that must not be null and has no default may be null, since
  /// rows that are there have nothing else.
  var addition: SchemaChange {
    .addColumn(
      name: name, type: type, isNullable: isNullable || defaultValue == nil,
      defaultValue: defaultValue)
  }
}

extension SchemaEvent {
  /// What is to be changed of columns as they are.
  /// - Throws: `StorageError` for what cannot be done to them.
  func changes(of columns: RowColumns) throws -> [SchemaChange] {
    var columns = columns
    var found: [SchemaChange] = []
    func note(_ changes: [SchemaChange]) throws {
      for change in changes { try columns.apply(change, as: nil) }
      found += changes
    }
    switch content {
    case .unclear(let reason):
      throw StorageError.invalidArgument(name: "schema change", value: text, reason: reason)
    case .changes(let changes):
      for change in changes {
        switch change {
        case .change(let change): try note(columns.remainder(of: change))
        case .redefine(let column): try note(columns.redefinition(of: column))
        }
      }
    case .columns(let described):
      let known = columns.columns.compactMap(\.sourceName)
      let gone = Set(known).subtracting(described.map(\.name))
      try note(known.filter { gone.contains($0) }.uniqued.map { .dropColumn($0) })
      for column in described {
        try note(
          columns.places(of: column.name).isEmpty
            ? [column.addition] : columns.redefinition(of: column))
      }
    }
    return found
  }
}

extension RowColumns {
  /// A change as far as it is not so already; a column that the rows of the stream leave out has
  /// nothing to change.
  fileprivate func remainder(of change: SchemaChange) throws -> [SchemaChange] {
    switch change {
    case .addColumn(let name, let type, _, _, _):
      guard let place = places(of: name).first else { return [change] }
      if type == columns[place].type || type.widens(to: columns[place].type) { return [] }
      throw StorageError.alreadyExists(kind: "column", name: name)
    case .widenColumn(let name, let type):
      guard let place = places(of: name).first, columns[place].type != type else { return [] }
    case .makeNullable(let name):
      guard places(of: name).contains(where: { !columns[$0].isNullable }) else { return [] }
    case .dropColumn(let name), .renameColumn(let name, _):
      if places(of: name).isEmpty { return [] }
    }
    return [change]
  }

  /// What makes a column as it is described: a type that has all values of the described one is
  /// kept.
  fileprivate func redefinition(of described: SourceColumn) throws -> [SchemaChange] {
    guard let place = places(of: described.name).first else { return [] }
    let column = columns[place]
    var changes: [SchemaChange] = []
    if column.type != described.type, !described.type.widens(to: column.type) {
      changes.append(.widenColumn(described.name, to: described.type))
    }
    if described.isNullable, !column.isNullable { changes.append(.makeNullable(described.name)) }
    return changes
  }
}

extension [String] {
  /// Each once, in the order of the first of them.
  fileprivate var uniqued: [String] {
    var seen = Set<String>()
    return filter { seen.insert($0).inserted }
  }
}
