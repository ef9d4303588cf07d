import BenchKit

/// Horizontal bars, one for each name.
public struct BarChart: Sendable {
  public var title: String
  /// With its unit.
  public var valueTitle: String
  public var bars: [(name: String, value: Double)]

  public init(_ title: String, value: String, bars: [(name: String, value: Double)]) {
    self.title = title
    valueTitle = value
    self.bars = bars
  }

  public var isEmpty: Bool { bars.isEmpty }

  private static let width = 720.0
  private static let letterWidth = 6.7
  private static let rowHeight = 24.0
  private static let top = 6.0
  private static let bottom = 44.0

  public var svg: String {
    let axis = ChartAxis(.linear, values: bars.map(\.value))
    let longest = bars.map { $0.name.count }.max() ?? 0
    let left = min(320, Double(longest) * Self.letterWidth + 18)
    let inner = Self.width - left - 70
    let end = Self.top + Double(bars.count) * Self.rowHeight
    var text = ""
    for tick in axis.ticks {
      let x = left + axis.place(of: tick.value) * inner
      text +=
        "<line class=\"grid\" x1=\"\(x)\" y1=\"\(Self.top)\" x2=\"\(x)\" y2=\"\(end)\"/>\n"
        + "<text class=\"tick center\" x=\"\(x)\" y=\"\(end + 17)\">\(tick.label)</text>\n"
    }
    for (index, bar) in bars.enumerated() {
      let y = Self.top + Double(index) * Self.rowHeight
      let width = max(0, axis.place(of: bar.value) * inner)
      let middle = y + Self.rowHeight / 2
      let value = ChartAxis.label(bar.value, step: bar.value.magnitude / 100)
      text +=
        "<rect class=\"bar c\(index % Chart.colourCount)\" x=\"\(left)\" y=\"\(y + 4)\" "
        + "width=\"\(formatFixed(width, places: 1))\" height=\"\(Self.rowHeight - 8)\"/>\n"
        + "<text class=\"tick end middle\" x=\"\(left - 8)\" y=\"\(middle)\">"
        + "\(escapeMarkup(bar.name))</text>\n"
        + "<text class=\"tick middle\" x=\"\(formatFixed(left + width + 6, places: 1))\" "
        + "y=\"\(middle)\">\(value)</text>\n"
    }
    text +=
      "<text class=\"title center\" x=\"\(left + inner / 2)\" y=\"\(end + 36)\">"
      + "\(escapeMarkup(valueTitle))</text>\n"
    return """
      <svg class="chart" role="img" aria-label="\(escapeMarkup(title))" \
      viewBox="0 0 \(Int(Self.width)) \(Int(end + Self.bottom))" \
      xmlns="http://www.w3.org/2000/svg">
      \(text)</svg>

      """
  }
}
