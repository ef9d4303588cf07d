/// A table for people: columns aligned by spaces, a rule under the header.
public struct TextTable: Sendable {
  public enum Alignment: Sendable {
    /// Names and sentences.
    case leading
    /// Numbers.
    case trailing
  }

  public struct Column: Sendable {
    let title: String
    let unit: String
    let alignment: Alignment

    /// - Parameter unit: shown in a second header line when any column has one.
    public init(_ title: String, unit: String = "", _ alignment: Alignment = .trailing) {
      self.title = title
      self.unit = unit
      self.alignment = alignment
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  public init(_ columns: [Column]) { self.columns = columns }

  /// - Precondition: one cell per column.
  public mutating func append(_ cells: [String]) {
    precondition(cells.count == columns.count, "\(cells.count) cells, \(columns.count) columns")
    rows.append(cells)
  }

  /// The table, every line ended by a line feed and without spaces before it.
  public var text: String {
    var lines = [columns.map(\.title)]
    if columns.contains(where: { !$0.unit.isEmpty }) { lines.append(columns.map(\.unit)) }
    let headerCount = lines.count
    lines += rows
    let widths = columns.indices.map { column in
      lines.map { $0[column].count }.max() ?? 0
    }
    var output = ""
    for (index, cells) in lines.enumerated() {
      if index == headerCount {
        output += widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ") + "\n"
      }
      let padded = cells.indices.map { column -> String in
        let spaces = String(repeating: " ", count: widths[column] - cells[column].count)
        return columns[column].alignment == .leading
          ? cells[column] + spaces : spaces + cells[column]
      }
      output += withoutTrailingSpaces(padded.joined(separator: "  ")) + "\n"
    }
    return output
  }

  private func withoutTrailingSpaces(_ line: String) -> Substring {
    line[..<(line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex)]
  }
}
