import StorageBase
import StorageIO

extension InputMapping {
  /// Guesses a mapping from the header and the first rows (up to 1 MiB or `sampleRowCount`).
  ///
  /// A column gets the first type that all its sampled fields are values of: `int64`, `date`,
  /// `datetime`, `decimal(18,s)` with the most digits after the point seen (when at most 6 and the
  /// others leave room), `double`, otherwise `string`. A column with an empty sampled field, or
  /// with none at all, is nullable. The sort key is the first column. Without a header the columns
  /// are `column_1`, `column_2`, ... A later field of another type is an error when it is read; a
  /// mapping file then says what it is.
  /// - Parameter json: for rows of JSON, whose columns are the members of the objects: see
  ///   `JSONSample`.
  /// - Throws: `StorageError.invalidArgument` for a file without a row or with a malformed one.
  public static func inferred(
    from file: any ReadableFile, dialect: CSVDialect = CSVDialect(), json: JSONDialect? = nil,
    sampleRowCount: Int = 1000
  ) throws -> InputMapping {
    if let json {
      return try JSONSample.mapping(from: file, json, sampleRowCount: sampleRowCount)
    }
    var chunker = TextChunker(file, quote: dialect.quote, chunkByteCount: 1 << 20)
    try chunker.skipByteOrderMark()
    let fields = try CSVHeader.read(&chunker, dialect: dialect, path: file.path)
    guard !fields.isEmpty else {
      throw StorageError.invalidArgument(
        name: "file", value: file.path, reason: "it is empty, so its columns cannot be guessed")
    }
    var guesses = fields.map { _ in TypeGuess() }
    if let chunk = try chunker.peek() {
      var scanner = CSVFieldScanner(chunk.bytes, dialect: dialect)
      var rowCount = 0
      while !scanner.isAtEnd, rowCount < sampleRowCount {
        if fields.count > 1, scanner.skipEmptyLine() { continue }
        readSample(&scanner, &guesses, nullToken: dialect.nullToken)
        rowCount += 1
      }
    }
    return try InputMapping(
      dialect: dialect,
      columns: zip(fields, guesses).enumerated().map { index, column in
        ColumnMapping(
          name: dialect.hasHeader ? column.0 : "column_\(index + 1)", type: column.1.type,
          isNullable: column.1.isNullable, source: .position(index + 1))
      })
  }

  /// Feeds one row to the guesses; fields too many or malformed are left to the loading, which
  /// reports them with their place.
  private static func readSample(
    _ scanner: inout CSVFieldScanner, _ guesses: inout [TypeGuess], nullToken: String
  ) {
    let start = scanner.position
    var index = 0
    while true {
      let field = scanner.nextField()
      if index < guesses.count {
        let text = String(decoding: field.bytes, as: UTF8.self)
        if !field.isQuoted && text == nullToken {
          guesses[index].isNullable = true
        } else {
          guesses[index].observe(field.bytes)
        }
      }
      index += 1
      switch field.end {
      case .delimiter: continue
      case .row: return
      case .strayQuote, .textAfterQuote, .unclosedQuote: return scanner.skipRow(from: start)
      }
    }
  }
}
