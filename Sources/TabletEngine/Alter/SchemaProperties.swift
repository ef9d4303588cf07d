import StorageBase

/// The properties of a table that tell how its schema came about (see FORMAT.md).
struct SchemaProperties {
  var version = 0
  /// Nil for the one after the greatest of the schema.
  var nextColumnID: ColumnID?
  var defaults: [(column: ColumnID, value: Value)] = []

  static let defaultByteCountMax = Limits.columnDefaultByteCountMax + 32

  init() {}

  init(_ definition: TableDefinition) {
    version = definition.schemaVersion
    let schema = definition.schema
    if definition.nextColumnID != schema.nextColumnID { nextColumnID = definition.nextColumnID }
    defaults = schema.columns.compactMap { column in
      column.defaultValue.map { (column.id, $0) }
    }
  }

  static func text(_ column: ColumnID, _ value: Value) -> String {
    switch value {
    case .null: "\(column) null"
    case .integer(let integer): "\(column) integer \(integer)"
    case .floating(let number): "\(column) floating \(String(number.bitPattern, radix: 16))"
    case .string(let text): "\(column) string \(text)"
    }
  }

  /// What `text` made; nil for anything else.
  static func parse(_ text: String) -> (column: ColumnID, value: Value)? {
    let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, let id = UInt32(parts[0]), "\(id)" == parts[0] else { return nil }
    let rest = parts.count == 3 ? parts[2] : nil
    let value: Value? =
      switch (parts[1], rest) {
      case ("null", nil): .null
      case ("integer", let digits?): Int128(digits).map { .integer($0) }
      case ("floating", let bits?):
        UInt64(bits, radix: 16).map { .floating(Double(bitPattern: $0)) }
      case ("string", let text?): .string(String(text))
      default: nil
      }
    return value.map { (ColumnID(rawValue: id), $0) }
  }

  /// The schema with the defaults of its columns.
  /// - Throws: `StorageError.corrupt` for what no writer writes.
  func applied(to schema: Schema, _ reader: ByteReader) throws -> Schema {
    if let next = nextColumnID, next < schema.nextColumnID {
      throw reader.corrupt(
        "next column id", expected: "at least \(schema.nextColumnID)", found: "\(next)")
    }
    if defaults.isEmpty { return schema }
    var values: [ColumnID: Value] = [:]
    for (id, value) in defaults {
      guard let column = schema.index(of: id).map({ schema.columns[$0] }), values[id] == nil,
        SchemaDraft.problem(value, column.type, isNullable: column.isNullable) == nil
      else {
        throw reader.corrupt(
          "column default", expected: "one that fits its column", found: Self.text(id, value))
      }
      values[id] = value
    }
    return try Schema(
      columns: schema.columns.map { column in
        Column(
          id: column.id, name: column.name, type: column.type, isNullable: column.isNullable,
          defaultValue: values[column.id])
      }, sortKeyCount: schema.sortKeyCount, keysModel: schema.keysModel)
  }
}

extension Schema {
  /// An id that is greater than those of all columns, as far as there is one.
  var nextColumnID: ColumnID {
    let greatest = columns.map(\.id.rawValue).max() ?? 0
    return ColumnID(rawValue: greatest == .max ? .max : greatest + 1)
  }
}
