import StorageBase

/// Shows a result as text for people. Numbers stand to the right, all else to the left.
public struct ResultTable: CustomStringConvertible {
  private let result: QueryResult
  private let nullText: String

  /// - Parameter nullText: how a null is shown.
  public init(_ result: QueryResult, nullText: String = "NULL") {
    self.result = result
    self.nullText = nullText
  }

  /// A header, a rule, and a line per row, each ending in a newline.
  public var description: String {
    let cells = result.rows.map { row in
      zip(result.columns, row).map { column, value in
        value.isNull ? nullText : Self.onOneLine(column.type.format(value))
      }
    }
    let headers = result.columns.map { Self.onOneLine($0.name) }
    let widths = headers.indices.map { index in
      cells.reduce(headers[index].count) { max($0, $1[index].count) }
    }
    var text = line(headers, widths)
    text += widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ") + "\n"
    for row in cells { text += line(row, widths) }
    return text
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: widths[index] - cell.count)
      if index > 0 { line += "  " }
      if Self.isNumber(result.columns[index].type) {
        line += padding + cell
      } else {
        line += index == cells.count - 1 ? cell : cell + padding
      }
    }
    return line + "\n"
  }

  private static func isNumber(_ type: DataType) -> Bool {
    switch type {
    case .int8, .int16, .int32, .int64, .float, .double, .decimal: true
    case .bool, .date, .datetime, .string: false
    }
  }

  /// Line breaks and other control characters as escapes, so that a row stays on its line.
  private static func onOneLine(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.value < 0x20 }) else { return text }
    return text.unicodeScalars.reduce(into: "") { line, scalar in
      line += scalar.value < 0x20 ? scalar.escaped(asASCII: false) : String(scalar)
    }
  }
}
