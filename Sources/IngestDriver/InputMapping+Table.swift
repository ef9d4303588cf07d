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

  /// The mapping of a file into a table that there is: what the header calls like a column of the
  /// table has its type, and whatever else the file has is guessed and input only.
  /// - Throws: as `inferred`; `StorageError.invalidArgument` when the file lacks a key column.
  public static func inferred(
    from file: any ReadableFile, into table: TableDefinition, dialect: CSVDialect = CSVDialect()
  ) throws -> InputMapping {
    let schema = table.schema
    let guessed = try inferred(from: file, dialect: dialect).columns
    let keys = schema.columns[..<schema.sortKeyCount].map(\.name)
    for key in keys where !guessed.contains(where: { $0.name == key }) {
      throw StorageError.invalidArgument(
        name: "input", value: file.path,
        reason: "it has no column \(key), which is in the key of table \(table.name); it has "
          + guessed.map(\.name).joined(separator: ", "))
    }
    return try InputMapping(
      dialect: dialect,
      columns: guessed.map { column in
        var column = column
        if let position = schema.index(of: column.name) {
          column.type = schema.columns[position].type
          column.isNullable = schema.columns[position].isNullable
        } else {
          column.isInputOnly = true
        }
        return column
      }, sortKey: keys, uniqueKeys: table.uniqueKeys)
  }

  /// The same input, of whose value columns any may be empty, since some of its rows may be
  /// deletions.
  public func withNullableValues() throws -> InputMapping {
    try InputMapping(
      dialect: dialect,
      columns: columns.map { column in
        var column = column
        if !sortKey.contains(column.name) { column.isNullable = true }
        return column
      }, sortKey: sortKey, hashBy: hashBy, bucketCount: bucketCount, uniqueKeys: uniqueKeys,
      rowStore: rowStore)
  }
}
