import ConfigReading
import StorageBase
import Yams

extension InputMapping {
  /// Reads a mapping file:
  ///
  /// ```yaml
  /// format: csv                # or json: an object on each line
  /// delimiter: ","             # one ASCII character, or `tab`
  /// quote: '"'                 # or `none`
  /// header: true               # the first row names the columns
  /// trailing_delimiter: false  # rows end with one more delimiter
  /// "null": ""                 # the unquoted field that means null
  /// outer_array: false         # of json: the objects are the elements of one array
  /// columns:
  ///   - {name: id, type: int64}
  ///   - {name: at, type: datetime, nullable: true, source: created_at, format: epoch_ms}
  ///   - {name: note, type: string, index: {parser: english}, ngram_filter: 3}
  ///   - {name: city, type: string, source: $.user.address.city, default: unknown}   # of json
  /// sort_key: [id]             # the first column unless told
  /// hash_by: [id]              # the first column of the sort key unless told
  /// buckets: 8
  /// keys: unique               # rows of one sort key replace each other; duplicate unless told
  /// merge: on-write            # or on-read
  /// key_index: hash            # or sorted
  /// sequence_column: at        # the greater value wins, else the later row
  /// partial_updates: rewrite   # or delta: how loads of some columns are stored
  /// row_store: all             # or a list of columns
  /// ```
  ///
  /// `source` is a name of the header (the column's own unless told) or a position from 1;
  /// without a header the place in this list. In JSON it is the name of a member or a path such as
  /// `$.items[0].sku`, and `default` is what a row holds that lacks it. A column with
  /// `input_only: true` is none of the table: conditions on rows look at it. What `index`,
  /// `bloom_filter` and `ngram_filter` take is said in `MappingReader+Pruning.swift`.
  /// - Parameter path: names the file in errors.
  /// - Throws: `StorageError.invalidArgument` with every mistake and its place.
  public init(yaml text: String, path: String) throws {
    var reader = MappingReader()
    let mapping = reader.read(text)
    guard reader.mistakes.isEmpty, let mapping else {
      throw reader.mistakes.error(kind: "mapping", path: path)
    }
    self = mapping
  }
}

/// Reads a mapping and collects what is wrong with it, so that all can be mended at once.
struct MappingReader: ConfigReader {
  var mistakes = ConfigMistakes()
  /// Whether sources are places in JSON objects.
  private(set) var isJSON = false

  mutating func read(_ text: String) -> InputMapping? {
    guard let root = document(text), let keys = members(of: root, among: Self.topLevelKeys) else {
      return nil
    }
    let json = readJSON(keys)
    isJSON = json != nil
    let dialect = readDialect(keys)
    let columns = readColumns(keys["columns"], at: root, hasHeader: dialect.hasHeader)
    let sortKey = names(keys["sort_key"], "sort_key", columns)
    let hashBy = names(keys["hash_by"], "hash_by", columns)
    let buckets = integer(keys["buckets"], "buckets", in: 1...Limits.bucketCountMax)
    let uniqueKeys = readUniqueKeys(keys, columns)
    let rowStore = readRowStore(keys["row_store"], columns)
    guard mistakes.isEmpty else { return nil }
    do {
      return try InputMapping(
        dialect: dialect, json: json, columns: columns, sortKey: sortKey, hashBy: hashBy,
        bucketCount: buckets, uniqueKeys: uniqueKeys, rowStore: rowStore)
    } catch {
      complain(root, "\(error)")
      return nil
    }
  }

  private static let topLevelKeys = [
    "format", "delimiter", "quote", "header", "trailing_delimiter", "null", "outer_array",
    "columns",
    "sort_key", "hash_by", "buckets", "keys", "merge", "key_index", "sequence_column",
    "partial_updates", "row_store",
  ]
  private static let columnKeys = [
    "name", "type", "nullable", "source", "format", "index", "bloom_filter", "ngram_filter",
    "input_only", "default",
  ]

  private mutating func readDialect(_ keys: [String: Node]) -> CSVDialect {
    var dialect = CSVDialect()
    if let node = keys["quote"] {
      dialect.quote = node.string == "none" ? nil : character(node, "quote")
    }
    if let node = keys["delimiter"] {
      dialect.delimiter =
        node.string == "tab" ? UInt8(ascii: "\t") : character(node, "delimiter") ?? 0
      if dialect.delimiter == dialect.quote { complain(node, "delimiter and quote are the same") }
    }
    if let node = keys["header"] { dialect.hasHeader = flag(node, "header") ?? false }
    if let node = keys["trailing_delimiter"] {
      dialect.hasTrailingDelimiter = flag(node, "trailing_delimiter") ?? false
    }
    if let node = keys["null"] {
      if let token = node.string {
        dialect.nullToken = token
      } else {
        complain(node, "null must be a text")
      }
    }
    return dialect
  }

  private mutating func character(_ node: Node, _ key: String) -> UInt8? {
    if let text = node.string, text.utf8.count == 1, let byte = text.utf8.first, byte < 0x80,
      byte != CSVDialect.lineFeed, byte != CSVDialect.carriageReturn
    {
      return byte
    }
    complain(node, "\(key) \(shown(node)) is not one ASCII character")
    return nil
  }

  private mutating func readColumns(
    _ node: Node?, at root: Node, hasHeader: Bool
  ) -> [InputMapping.ColumnMapping] {
    guard let node else {
      complain(root, "columns are missing")
      return []
    }
    guard let sequence = node.sequence, !sequence.isEmpty else {
      complain(node, "columns must be a list such as [{name: id, type: int64}]")
      return []
    }
    var columns: [InputMapping.ColumnMapping] = []
    for (index, element) in sequence.enumerated() {
      guard let keys = members(of: element, among: Self.columnKeys) else { continue }
      let implied: InputMapping.Source? = hasHeader ? nil : .position(index + 1)
      guard let column = readColumn(keys, at: element, impliedSource: implied, hasHeader: hasHeader)
      else { continue }
      if columns.contains(where: { $0.name == column.name }) {
        complain(element, "column \(column.name) appears twice")
      } else if columns.contains(where: { $0.source == column.source }) {
        complain(element, "column \(column.name) has the same source as another")
      } else {
        columns.append(column)
      }
    }
    return columns
  }

  private mutating func readColumn(
    _ keys: [String: Node], at element: Node, impliedSource: InputMapping.Source?, hasHeader: Bool
  ) -> InputMapping.ColumnMapping? {
    guard let name = keys["name"]?.string, !name.isEmpty else {
      complain(element, "a column has no name")
      return nil
    }
    var column = InputMapping.ColumnMapping(name: name, type: .string, source: impliedSource)
    if let node = keys["type"], let type = node.string.flatMap({ DataType($0) }) {
      column.type = type
    } else {
      complain(keys["type"] ?? element, typeComplaint(name, keys["type"]))
    }
    if let node = keys["nullable"] { column.isNullable = flag(node, "nullable") ?? false }
    if let node = keys["input_only"] { column.isInputOnly = flag(node, "input_only") ?? false }
    if let node = keys["source"] { column.source = readSource(node, hasHeader: hasHeader) }
    column.pruning = readPruning(keys)
    if let node = keys["format"] {
      let format = node.string.flatMap(InputMapping.FieldFormat.init(rawValue:))
      if let format, format.suits(column.type) {
        column.format = format
      } else {
        let suitable = InputMapping.FieldFormat.allCases.filter { $0.suits(column.type) }
        complain(
          node,
          "format \(shown(node)) does not suit a \(column.type); use "
            + list(suitable.map(\.rawValue)))
      }
    }
    if let node = keys["default"] { column.defaultValue = readDefault(node, of: column) }
    return column
  }

  private func typeComplaint(_ column: String, _ node: Node?) -> String {
    let known = [
      "bool", "int8", "int16", "int32", "int64", "float", "double", "decimal(15,2)", "date",
      "datetime", "string",
    ]
    guard let node else { return "column \(column) has no type; one of \(list(known))" }
    let guess = node.string.flatMap { nearestName(to: $0, in: known) }
    return "column \(column): unknown type \(shown(node))"
      + (guess.map { "; did you mean \($0)?" } ?? "; known: \(list(known))")
  }

  mutating func names(
    _ node: Node?, _ key: String, _ columns: [InputMapping.ColumnMapping]
  ) -> [String]? {
    guard let node else { return nil }
    let nodes = node.sequence.map { Array($0) } ?? [node]
    if nodes.isEmpty { complain(node, "\(key) is empty") }
    var names: [String] = []
    for node in nodes {
      let name = node.string ?? ""
      // With columns missing or wrong every name would look unknown.
      if !columns.isEmpty, !columns.contains(where: { $0.name == name }) {
        let known = columns.map(\.name)
        let guess = nearestName(to: name, in: known).map { "; did you mean \($0)?" }
        complain(node, "\(key): \(name) is not a column" + (guess ?? "; known: \(list(known))"))
      } else if names.contains(name) {
        complain(node, "\(key): \(name) appears twice")
      }
      names.append(name)
    }
    return names
  }

  func list(_ names: [String]) -> String { names.joined(separator: ", ") }
}
