import BenchKit

/// The box that a chart is drawn in: axes, grid, titles, legend.
struct ChartFrame: Sendable {
  let x: ChartAxis
  let y: ChartAxis
  private let legend: [Entry]
  private let rows: [[Int]]

  private static let width = 720.0
  private static let plotHeight = 280.0
  private static let left = 66.0
  private static let right = 18.0
  private static let top = 14.0
  private static let bottom = 48.0
  private static let legendRowHeight = 20.0
  /// Of a letter of the legend, on average, and of what stands before a name.
  private static let letterWidth = 6.7
  private static let swatchWidth = 42.0

  /// A line of the legend.
  struct Entry: Sendable {
    let name: String
    let colour: String
    /// Dots without a line.
    let isCloud: Bool
  }

  init(x: ChartAxis, y: ChartAxis, legend: [Entry]) {
    self.x = x
    self.y = y
    // A single series is named by the title.
    self.legend = legend.count > 1 ? legend : []
    rows = Self.rows(of: self.legend.map(\.name))
  }

  /// Names that fit into one row each.
  private static func rows(of names: [String]) -> [[Int]] {
    var rows: [[Int]] = []
    var used = Double.infinity
    for (index, name) in names.enumerated() {
      let width = Double(name.count) * letterWidth + swatchWidth
      if used + width > Self.width - left - right {
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append(index)
      used += width
    }
    return rows
  }

  private var height: Double {
    Self.top + Self.plotHeight + Self.bottom + Double(rows.count) * Self.legendRowHeight
  }

  /// Where a point is, in the unit of the picture, with one digit.
  func coordinates(_ point: (x: Double, y: Double)) -> (x: String, y: String) {
    let inner = Self.width - Self.left - Self.right
    return (
      formatFixed(Self.left + x.place(of: point.x) * inner, places: 1),
      formatFixed(Self.top + (1 - y.place(of: point.y)) * Self.plotHeight, places: 1)
    )
  }

  func position(_ point: (x: Double, y: Double)) -> String {
    let (x, y) = coordinates(point)
    return "\(x),\(y)"
  }

  func document(title: String, body: String) -> String {
    """
    <svg class="chart" role="img" aria-label="\(escapeMarkup(title))" \
    viewBox="0 0 \(Int(Self.width)) \(Int(height))" xmlns="http://www.w3.org/2000/svg">
    \(body)</svg>

    """
  }

  func axes(xTitle: String, yTitle: String) -> String {
    let bottom = Self.top + Self.plotHeight
    let right = Self.width - Self.right
    var text = ""
    for tick in y.ticks {
      let (_, place) = coordinates((x.low, tick.value))
      text += line(Self.left, place, right, place, "grid")
      text += label(formatFixed(Self.left - 8, places: 1), place, tick.label, "tick end middle")
    }
    for tick in x.ticks {
      let (place, _) = coordinates((tick.value, y.low))
      text += line(place, bottom, place, bottom + 5, "axis")
      text += label(place, formatFixed(bottom + 19, places: 1), tick.label, "tick center")
    }
    text += line(Self.left, bottom, right, bottom, "axis")
    text += label(
      formatFixed((Self.left + right) / 2, places: 1), formatFixed(bottom + 38, places: 1), xTitle,
      "title center")
    let center = formatFixed(Self.top + Self.plotHeight / 2, places: 1)
    text += "<text class=\"title center\" transform=\"translate(15 \(center)) rotate(-90)\">"
    return text + "\(escapeMarkup(yTitle))</text>\n"
  }

  var legendText: String {
    var text = ""
    for (row, members) in rows.enumerated() {
      let y = Self.top + Self.plotHeight + Self.bottom + Double(row) * Self.legendRowHeight + 8
      var x = Self.left
      for member in members {
        let entry = legend[member]
        let left = formatFixed(x, places: 1)
        text +=
          entry.isCloud
          ? "<circle class=\"dot \(entry.colour)\" cx=\"\(formatFixed(x + 12, places: 1))\" "
            + "cy=\"\(y)\" r=\"4.5\"/>\n"
          : line(left, y, formatFixed(x + 18, places: 1), y, "line \(entry.colour)")
        text += label(formatFixed(x + 24, places: 1), "\(y)", entry.name, "tick middle")
        x += Double(entry.name.count) * Self.letterWidth + Self.swatchWidth
      }
    }
    return text
  }

  private func line(
    _ x1: some CustomStringConvertible, _ y1: some CustomStringConvertible,
    _ x2: some CustomStringConvertible, _ y2: some CustomStringConvertible, _ kind: String
  ) -> String {
    "<line class=\"\(kind)\" x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" y2=\"\(y2)\"/>\n"
  }

  private func label(_ x: String, _ y: String, _ text: String, _ kind: String) -> String {
    "<text class=\"\(kind)\" x=\"\(x)\" y=\"\(y)\">\(escapeMarkup(text))</text>\n"
  }
}
