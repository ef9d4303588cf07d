/// One line or cloud of a chart.
public struct ChartSeries: Sendable {
  public enum Mark: Sendable {
    case line
    /// Dots, each with what it stands for.
    case dots
    /// Dots on a line.
    case dottedLine
    /// A bound: dashed and grey.
    case bound
  }

  public var name: String
  public var mark: Mark
  public var points: [(x: Double, y: Double)]
  /// What the pointer is told of each point; as many as points, or none.
  public var notes: [String]
  /// Dots that stand out; as many as points, or none.
  public var isStrong: [Bool]

  public init(
    _ name: String, _ mark: Mark = .line, points: [(x: Double, y: Double)], notes: [String] = [],
    isStrong: [Bool] = []
  ) {
    self.name = name
    self.mark = mark
    self.points = points
    self.notes = notes
    self.isStrong = isStrong
  }
}

/// Lines and dots over two axes, as SVG that needs no network, script or font.
///
/// Colours come from classes of the page: `c0` to `c9` for series, `grid`, `axis`, `bound`.
public struct Chart: Sendable {
  public var title: String
  /// With its unit.
  public var xTitle: String
  public var yTitle: String
  public var xIsLogarithmic: Bool
  public var yIsLogarithmic: Bool
  public var series: [ChartSeries]

  public init(
    _ title: String, x: String, y: String, xIsLogarithmic: Bool = false,
    yIsLogarithmic: Bool = false, series: [ChartSeries]
  ) {
    self.title = title
    xTitle = x
    yTitle = y
    self.xIsLogarithmic = xIsLogarithmic
    self.yIsLogarithmic = yIsLogarithmic
    self.series = series
  }

  /// Whether there is anything to see.
  public var isEmpty: Bool { series.allSatisfy(\.points.isEmpty) }

  /// Colours before they repeat.
  static let colourCount = 10

  public var svg: String {
    let points = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let frame = ChartFrame(
      x: ChartAxis(
        xIsLogarithmic ? .logarithmic : .linear, values: points.map(\.x), endsAtTick: false),
      y: ChartAxis(yIsLogarithmic ? .logarithmic : .linear, values: points.map(\.y)),
      legend: series.enumerated().map { index, one in
        ChartFrame.Entry(
          name: one.name, colour: Self.colour(index, one), isCloud: one.mark == .dots)
      })
    var body = frame.axes(xTitle: xTitle, yTitle: yTitle)
    for (index, one) in series.enumerated() {
      body += draw(one, Self.colour(index, one), frame)
    }
    return frame.document(title: title, body: body + frame.legendText)
  }

  static func colour(_ index: Int, _ series: ChartSeries) -> String {
    series.mark == .bound ? "bound" : "c\(index % colourCount)"
  }

  private func draw(_ series: ChartSeries, _ colour: String, _ frame: ChartFrame) -> String {
    let shown = series.points.indices.filter { place in
      frame.x.shows(series.points[place].x) && frame.y.shows(series.points[place].y)
    }
    var text = ""
    if series.mark != .dots {
      let path = shown.map { frame.position(series.points[$0]) }.joined(separator: " ")
      text += "<polyline class=\"line \(colour)\" points=\"\(path)\"/>\n"
    }
    guard series.mark == .dots || series.mark == .dottedLine else { return text }
    for place in shown {
      let note = series.notes.indices.contains(place) ? series.notes[place] : series.name
      let isStrong = series.isStrong.indices.contains(place) && series.isStrong[place]
      let (x, y) = frame.coordinates(series.points[place])
      text +=
        "<circle class=\"dot \(colour)\(isStrong ? " strong" : "")\" cx=\"\(x)\" cy=\"\(y)\" "
        + "r=\"\(isStrong ? 5 : 3.5)\"><title>\(escapeMarkup(note))</title></circle>\n"
    }
    return text
  }
}

/// Text as it may stand in XML and HTML.
func escapeMarkup(_ text: String) -> String {
  text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    .replacing("\"", with: "&quot;")
}
