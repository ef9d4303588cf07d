import StorageBase

/// The places in JSON objects and the columns that they feed.
struct JSONLayout: RowLayout {
  let schema: Schema
  let columns: [FieldColumn]
  let paths: [JSONPath]
  /// What a column holds in rows that lack it; nil for null.
  let defaults: [Value?]
  let namesOwnColumns: Bool

  /// - Throws: `StorageError.invalidArgument` for a source that JSON does not have.
  init(_ mapping: InputMapping, _ dialect: JSONDialect) throws {
    schema = mapping.schema
    columns = mapping.columns.map { FieldColumn($0) }
    defaults = mapping.columns.map { dialect.namesOwnColumns ? nil : $0.defaultValue }
    namesOwnColumns = dialect.namesOwnColumns
    var paths: [JSONPath] = []
    for column in mapping.columns {
      let path = try Self.path(of: column)
      guard !paths.contains(path) else {
        throw StorageError.invalidArgument(
          name: "source of column \(column.name)", value: "\(path)",
          reason: "it feeds another column already")
      }
      paths.append(path)
    }
    self.paths = paths
  }

  private static func path(of column: InputMapping.ColumnMapping) throws -> JSONPath {
    switch column.source {
    case .path(let path): return path
    case .header(let name): return JSONPath(member: name)
    case .position(let position):
      throw StorageError.invalidArgument(
        name: "source of column \(column.name)", value: String(position),
        reason: "JSON objects have no positions; give a name or a path")
    }
  }

  func makeReader() -> any RowReader { JSONRowReader(self) }

  /// Whether rows may lack a column, or else have to give it.
  func mayLack(_ column: Int) -> Bool {
    columns[column].isNullable || defaults[column] != nil
      || namesOwnColumns && column >= schema.sortKeyCount
  }
}
