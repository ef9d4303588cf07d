import ScanKernels
import StorageBase

/// The name of a table, parts of which are values of its rows.
struct TableName {
  private enum Part {
    case text(String)
    case column(Int)
  }

  /// As it was written.
  let text: String
  private let parts: [Part]

  /// - Throws: `StorageError.invalidArgument` for braces that do not match,
  ///   `StorageError.unknownName` for a column that rows do not have.
  init(_ text: String, rows schema: Schema) throws {
    var parts: [Part] = []
    var rest = Substring(text)
    while let open = rest.firstIndex(of: "{") {
      guard let close = rest[open...].firstIndex(of: "}") else {
        throw StorageError.invalidArgument(
          name: "table", value: text, reason: "a brace is not closed; write table_{column}")
      }
      if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
      let column = String(rest[rest.index(after: open)..<close])
      parts.append(.column(try schema.requireIndex(of: column)))
      rest = rest[rest.index(after: close)...]
    }
    if !rest.isEmpty { parts.append(.text(String(rest))) }
    guard !parts.isEmpty else {
      throw StorageError.invalidArgument(name: "table", value: text, reason: "it has no name")
    }
    self.text = text
    self.parts = parts
  }

  /// The name, if it is the same for all rows.
  var fixed: String? {
    var name = ""
    for part in parts {
      guard case .text(let text) = part else { return nil }
      name += text
    }
    return name
  }

  /// The columns that it is made of.
  var columns: [Int] {
    parts.compactMap { part in
      if case .column(let column) = part { column } else { nil }
    }
  }

  /// The name for the values of a row. Letters, digits, `-` and `_` stay, what lies between them
  /// becomes a `_`, and no value is `null`.
  func name(of row: Int, in batch: ColumnBatch) -> String {
    var name = ""
    for part in parts {
      switch part {
      case .text(let text): name += text
      case .column(let column):
        let type = batch.schema.columns[column].type
        let value = batch.columns[column][row]
        let text = value.isNull ? "null" : type.format(value)
        name += String(text.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" })
      }
    }
    return name
  }
}
