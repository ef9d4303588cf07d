import ConfigReading
import StorageBase
import Yams

extension MappingReader {
  /// What says that rows are JSON objects; nil for delimited text.
  mutating func readJSON(_ keys: [String: Node]) -> JSONDialect? {
    if let node = keys["format"], node.string != "csv", node.string != "json" {
      complain(node, "format \(shown(node)) is not known; use csv or json")
    }
    guard keys["format"]?.string == "json" else {
      if let node = keys["outer_array"] { complain(node, "outer_array needs format: json") }
      return nil
    }
    for key in ["delimiter", "quote", "header", "trailing_delimiter", "null"] {
      if let node = keys[key] { complain(node, "\(key) is nothing that JSON has") }
    }
    var dialect = JSONDialect()
    if let node = keys["outer_array"] { dialect.hasOuterArray = flag(node, "outer_array") ?? false }
    return dialect
  }

  mutating func readSource(_ node: Node, hasHeader: Bool) -> InputMapping.Source {
    // A quoted number is a name of the header.
    if node.scalar?.style == .plain, let position = node.int {
      if isJSON {
        complain(node, "source \(position): JSON objects have no positions; give a name or a path")
      } else if !(1...Limits.columnCountMax).contains(position) {
        complain(node, "source \(position): positions are 1 to \(Limits.columnCountMax)")
      }
      return .position(position)
    }
    guard let text = node.string else {
      complain(node, "source must be a name or a position")
      return .header("")
    }
    if isJSON, text.hasPrefix("$") {
      do {
        return .path(try JSONPath(parsing: text))
      } catch {
        complain(node, "\(error)")
      }
    } else if !hasHeader {
      complain(node, "source \(text) is a name, but there is no header")
    }
    return .header(text)
  }

  /// What a column holds in rows that lack it.
  mutating func readDefault(_ node: Node, of column: InputMapping.ColumnMapping) -> Value? {
    guard isJSON else {
      complain(node, "default needs format: json; fields of delimited text are never missing")
      return nil
    }
    guard let text = node.string else {
      complain(node, "default must be a text or a number")
      return nil
    }
    do {
      return try column.type.value(ofField: text)
    } catch {
      complain(node, "default of column \(column.name): \(error)")
      return nil
    }
  }
}
