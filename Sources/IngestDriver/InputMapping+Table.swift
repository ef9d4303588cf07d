import StorageBase
import StorageIO
import TabletEngine

extension InputMapping {
  /// Reads a mapping file.
  /// - Throws: as `init(yaml:path:)`, and what reading throws.
  public init(file path: String, files: any FileSystem) throws {
    let text = try files.openForReading(path, cause: .tool)
    let bytes = try text.read(at: 0, count: Int(text.byteCount))
    try self.init(yaml: String(decoding: bytes, as: UTF8.self), path: path)
  }

  /// The mapping of a file into a table that there is: what the input calls like a column of the
  /// table has its type and default, and whatever else it has is guessed and input only.
  /// - Parameter allColumns: whether columns of the table that the first objects of JSON lack are
  ///   columns of the input as well: later ones may have them.
  /// - Throws: as `inferred`; `StorageError.invalidArgument` when the file lacks a key column.
  public static func inferred(
    from file: any ReadableFile, into table: TableDefinition, dialect: CSVDialect = CSVDialect(),
    json: JSONDialect? = nil, allColumns: Bool = false
  ) throws -> InputMapping {
    let schema = table.schema
    let guessed = try inferred(from: file, dialect: dialect, json: json)
    let keys = schema.columns[..<schema.sortKeyCount].map(\.name)
    for key in keys where !guessed.columns.contains(where: { $0.name == key }) {
      throw StorageError.invalidArgument(
        name: "input", value: file.path,
        reason: "it has no column \(key), which is in the key of table \(table.name); it has "
          + guessed.columns.map(\.name).joined(separator: ", "))
    }
    let known = guessed.columns.map { column in
      var column = column
      if let position = schema.index(of: column.name) {
        column.type = schema.columns[position].type
        column.isNullable = schema.columns[position].isNullable
        column.defaultValue = schema.columns[position].defaultValue
      } else {
        column.isInputOnly = true
        // What the first objects all have may be missing later.
        column.isNullable = column.isNullable || json != nil
      }
      return column
    }
    let others = schema.columns.filter { column in
      allColumns && json != nil && !known.contains { $0.name == column.name }
    }
    return try InputMapping(
      dialect: dialect, json: json,
      columns: known
        + others.map {
          ColumnMapping(
            name: $0.name, type: $0.type, isNullable: $0.isNullable, defaultValue: $0.defaultValue)
        }, sortKey: keys, uniqueKeys: table.uniqueKeys)
  }

  /// The same input, of whose value columns any may be empty, since some of its rows may be
  /// deletions.
  public func withNullableValues() throws -> InputMapping {
    try InputMapping(
      dialect: dialect, json: json,
      columns: columns.map { column in
        var column = column
        if !sortKey.contains(column.name) { column.isNullable = true }
        return column
      }, sortKey: sortKey, hashBy: hashBy, bucketCount: bucketCount, uniqueKeys: uniqueKeys,
      rowStore: rowStore)
  }

  /// The same input, with the defaults of a table's columns where it says none itself.
  public func withDefaults(of schema: Schema) throws -> InputMapping {
    try InputMapping(
      dialect: dialect, json: json,
      columns: columns.map { column in
        var column = column
        if let known = schema.index(of: column.name).map({ schema.columns[$0] }),
          known.type == column.type
        {
          column.defaultValue = column.defaultValue ?? known.defaultValue
        }
        return column
      }, sortKey: sortKey, hashBy: hashBy, bucketCount: bucketCount, uniqueKeys: uniqueKeys,
      rowStore: rowStore)
  }
}
