import StorageBase

/// The fields of delimited text and the columns that they feed.
struct CSVLayout: RowLayout {
  let schema: Schema
  let dialect: CSVDialect
  let columns: [FieldColumn]
  /// For each field of a row the index in `columns`, or -1 for a field that is not wanted.
  let columnOfField: [Int]

  /// - Parameter fields: see `CSVHeader.bind`.
  init(_ mapping: InputMapping, fields: [String], path: String) throws {
    schema = mapping.schema
    dialect = mapping.dialect
    columns = mapping.columns.map { FieldColumn($0) }
    columnOfField = try CSVHeader.bind(mapping, to: fields, path: path)
  }

  func makeReader() -> any RowReader { CSVRowReader(self) }
}
