import StorageBase

/// The first row of a text file and what its fields are wanted for.
enum CSVHeader {
  /// How much of a file without a header is searched for a row that is well formed.
  private static let searchByteCount = 1 << 16

  /// The names of the header, which is passed. Without a header the fields of the first well
  /// formed row, and nothing is passed. Empty when there is no such row.
  /// - Throws: `StorageError.invalidArgument` for a malformed header.
  static func read(
    _ chunker: inout TextChunker, dialect: CSVDialect, path: String
  ) throws -> [String] {
    guard let chunk = try chunker.peek(atLeast: searchByteCount) else { return [] }
    var scanner = CSVFieldScanner(chunk.bytes, dialect: dialect)
    while !scanner.isAtEnd {
      let start = scanner.position
      scanner.startRow()
      var (fields, end) = try readRow(&scanner, path: path)
      if end == .row {
        if dialect.hasTrailingDelimiter, fields.last == "" { fields.removeLast() }
        if dialect.hasHeader {
          chunker.advance(by: scanner.position, lines: scanner.embeddedLineCount + 1)
        }
        return fields
      }
      if dialect.hasHeader {
        throw RowProblem(
          file: path, line: chunk.firstLine, byteOffset: chunk.offset, column: nil, value: nil,
          reason: end.reason
        ).error
      }
      scanner.skipRow(from: start)
    }
    return []
  }

  /// The fields of the header that `bytes` begin with, and how many bytes it has.
  /// - Throws: `StorageError.invalidArgument` for a malformed one.
  static func fields(
    of bytes: UnsafeRawBufferPointer, dialect: CSVDialect, path: String
  ) throws -> (fields: [String], byteCount: Int) {
    var scanner = CSVFieldScanner(bytes, dialect: dialect)
    scanner.startRow()
    var (fields, end) = try readRow(&scanner, path: path)
    guard end == .row else {
      throw RowProblem(
        file: path, line: 1, byteOffset: 0, column: nil, value: nil, reason: end.reason
      ).error
    }
    if dialect.hasTrailingDelimiter, fields.last == "" { fields.removeLast() }
    return (fields, scanner.position)
  }

  /// The fields of a row, and how the last of them ends.
  private static func readRow(
    _ scanner: inout CSVFieldScanner, path: String
  ) throws -> (fields: [String], end: CSVFieldScanner.End) {
    var fields: [String] = []
    while true {
      let field = scanner.nextField()
      guard fields.count <= Limits.columnCountMax else {
        throw StorageError.limitExceeded(
          what: "number of fields of the first row of \(path)", value: fields.count,
          limit: Limits.columnCountMax, remedy: "check the delimiter and the line ends")
      }
      fields.append(String(decoding: field.bytes, as: UTF8.self))
      if field.end != .delimiter { return (fields, field.end) }
    }
  }

  /// For each field of a row the index of the mapping's column that it feeds, or -1. Without a
  /// header there are at least as many fields as the mapping asks for, so that a row with fewer
  /// is reported with its line.
  static func bind(
    _ mapping: InputMapping, to fields: [String], path: String
  ) throws -> [Int] {
    var fieldCount = fields.count
    if !mapping.dialect.hasHeader {
      for case .position(let position) in mapping.columns.map(\.source) {
        fieldCount = max(fieldCount, position)
      }
    }
    var columnOfField = [Int](repeating: -1, count: fieldCount)
    for (index, column) in mapping.columns.enumerated() {
      if case .header(let name) = column.source, !mapping.dialect.hasHeader {
        throw StorageError.invalidArgument(
          name: "source of column \(column.name)", value: name,
          reason: "\(path) is read without a header; give the position")
      }
      let position = try position(of: column, in: fields, fieldCount: fieldCount, path: path)
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
    of column: InputMapping.ColumnMapping, in fields: [String], fieldCount: Int, path: String
  ) throws -> Int {
    switch column.source {
    case .position(let position):
      if position <= fieldCount { return position - 1 }
      throw StorageError.invalidArgument(
        name: "source of column \(column.name)", value: String(position),
        reason: "the rows of \(path) have \(fieldCount) fields")
    case .path(let path):
      throw StorageError.invalidArgument(
        name: "source of column \(column.name)", value: "\(path)",
        reason: "fields of delimited text have no paths; give a name or a position")
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
