import StreamTransforms

/// What became of the rows of a pipeline, transform by transform, for people.
struct StepTable: CustomStringConvertible {
  private static let heads = ["transform", "rows in", "rows out", "dropped", "diverted", "fixed"]
  private let rows: [[String]]

  /// Cells of columns in which nothing happened are empty.
  init(_ steps: [StepCounters]) {
    rows = steps.map { step in
      var cells = [step.name, "\(step.rowsIn)", "\(step.rowsOut)"]
      cells += [step.rowsDropped, step.rowsDiverted, step.valuesFixed].map {
        $0 > 0 ? "\($0)" : ""
      }
      let looked = step.cacheHits + step.cacheMisses
      if looked > 0 { cells.append("\(step.cacheHits * 100 / looked) % from the cache") }
      return cells
    }
  }

  /// A line for the heads and one for each transform; empty for a pipeline without transforms.
  var description: String {
    guard !rows.isEmpty else { return "" }
    let lines = [Self.heads] + rows
    let widths = Self.heads.indices.map { column in
      lines.map { $0[column].count }.max() ?? 0
    }
    return lines.map { cells in
      let padded = zip(cells, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + space : space + cell.0
      }
      let line = (padded + cells.dropFirst(widths.count)).joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}
