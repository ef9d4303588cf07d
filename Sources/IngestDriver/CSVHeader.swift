import StorageBase

/// The first row of a text file and what its fields are wanted for.
enum CSVHeader {
  /// The names of the header, which is passed; without a header the fields of the first row,
  /// which is not. Empty for an empty file.
  static func read(
    _ chunker: inout CSVChunker, dialect: CSVDialect, path: String
  ) throws -> [String] {
    guard let chunk = try chunker.peek() else { return [] }
    var scanner = CSVFieldScanner(chunk.bytes, dialect: dialect)
    var fields: [String] = []
    reading: while true {
      let field = scanner.nextField()
      guard fields.count <= Limits.columnCountMax else {
        throw StorageError.limitExceeded(
          what: "number of fields of the first row of \(path)", value: fields.count,
          limit: Limits.columnCountMax, remedy: "check the delimiter and the line ends")
      }
      fields.append(String(decoding: field.bytes, as: UTF8.self))
      switch field.end {
      case .delimiter: continue
      case .row: break reading
      case .strayQuote, .textAfterQuote, .unclosedQuote:
        throw CSVProblem(
          file: path, line: chunk.firstLine, column: nil, value: nil,
          reason: field.end.reason
        ).error
      }
    }
    if dialect.hasTrailingDelimiter, fields.last == "" { fields.removeLast() }
    if dialect.hasHeader {
      chunker.advance(by: scanner.position, lines: scanner.embeddedLineCount + 1)
    }
    return fields
  }

  /// For each field the index of the mapping's column that it feeds, or -1.
  static func bind(
    _ mapping: InputMapping, to fields: [String], path: String
  ) throws -> [Int] {
    // A file without a row has no fields to bind, and no rows to miss.
    if fields.isEmpty && !mapping.dialect.hasHeader { return [] }
    var columnOfField = [Int](repeating: -1, count: fields.count)
    for (index, column) in mapping.columns.enumerated() {
      let position = try position(of: column, in: fields, path: path)
      guard columnOfField[position] < 0 else {
        throw StorageError.invalidArgument(
          name: "column", value: column.name,
          reason: "field \(position + 1) of \(path) feeds another column already")
      }
      columnOfField[position] = index
    }
    return columnOfField
  }

  private static func position(
    of column: InputMapping.ColumnMapping, in fields: [String], path: String
  ) throws -> Int {
    switch column.source {
    case .position(let position):
      if fields.indices.contains(position - 1) { return position - 1 }
      throw StorageError.invalidArgument(
        name: "source of column \(column.name)", value: String(position),
        reason: "the rows of \(path) have \(fields.count) fields")
    case .header(let name):
      guard let first = fields.firstIndex(of: name) else {
        throw StorageError.unknownName(kind: "field of \(path)", name: name, known: fields)
      }
      guard fields.lastIndex(of: name) == first else {
        throw StorageError.invalidArgument(
          name: "source of column \(column.name)", value: name,
          reason: "the header of \(path) has it twice; give the position")
      }
      return first
    }
  }
}

extension CSVFieldScanner.End {
  /// What is wrong with a field that ends like this.
  var reason: String {
    switch self {
    case .delimiter, .row: "too many or too few fields"
    case .strayQuote: "a quote inside a field that does not start with one"
    case .textAfterQuote: "text between a closing quote and the delimiter"
    case .unclosedQuote: "a quote that is never closed"
    }
  }
}
