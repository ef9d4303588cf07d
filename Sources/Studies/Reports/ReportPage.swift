/// A page that stands alone: no network, no script; charts are SVG, colours follow the reader's
/// choice of light or dark.
public struct ReportPage: Sendable {
  public var title: String
  /// One line below the title.
  public var subtitle: String
  private var body = ""

  public init(title: String, subtitle: String) {
    self.title = title
    self.subtitle = subtitle
  }

  public mutating func addHeading(_ text: String) { body += "<h2>\(escapeMarkup(text))</h2>\n" }

  public mutating func addText(_ text: String) { body += "<p>\(escapeMarkup(text))</p>\n" }

  /// Charts without points are left out.
  public mutating func add(_ chart: Chart) {
    if !chart.isEmpty { addFigure(chart.title, chart.svg) }
  }

  public mutating func add(_ chart: BarChart) {
    if !chart.isEmpty { addFigure(chart.title, chart.svg) }
  }

  private mutating func addFigure(_ title: String, _ svg: String) {
    body += "<figure><figcaption>\(escapeMarkup(title))</figcaption>\n\(svg)</figure>\n"
  }

  /// - Parameter columns: with whether a column holds numbers.
  /// - Precondition: a cell for each column in each row.
  public mutating func addTable(
    columns: [(title: String, isNumber: Bool)], rows: [[String]], strong: Set<Int> = []
  ) {
    func cell(_ kind: String, _ column: Int, _ text: String) -> String {
      let style = columns[column].isNumber ? " class=\"n\"" : ""
      return "<\(kind)\(style)>\(escapeMarkup(text))</\(kind)>"
    }
    precondition(rows.allSatisfy { $0.count == columns.count }, "a cell for each column")
    body += "<div class=\"scroll\"><table><thead><tr>"
    body += columns.enumerated().map { cell("th", $0.offset, $0.element.title) }.joined()
    body += "</tr></thead><tbody>\n"
    for (index, row) in rows.enumerated() {
      body += strong.contains(index) ? "<tr class=\"strong\">" : "<tr>"
      body += row.enumerated().map { cell("td", $0.offset, $0.element) }.joined() + "</tr>\n"
    }
    body += "</tbody></table></div>\n"
  }

  /// Begins what is folded away until asked for; ended by `endDetails`.
  public mutating func beginDetails(_ title: String) {
    body += "<details><summary>\(escapeMarkup(title))</summary>\n"
  }

  public mutating func endDetails() { body += "</details>\n" }

  public var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escapeMarkup(title))</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    <h1>\(escapeMarkup(title))</h1>
    <p class="subtitle">\(escapeMarkup(subtitle))</p>
    <main>
    \(body)</main>
    </body>
    </html>

    """
  }

  /// Colours by Okabe and Ito, which people of any colour vision can tell apart, and three more.
  private static let style = """
    :root { color-scheme: light dark; --page: #fff; --text: #1d2329; --soft: #5b6670;
      --grid: #e3e7ea; --axis: #8b959e; --bound: #777; --strong: #f3f6f8;
      --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #e69f00; --c5: #56b4e9;
      --c6: #8a6d3b; --c7: #b8a800; --c8: #6a51a3; --c9: #555f66; }
    @media (prefers-color-scheme: dark) {
      :root { --page: #16191c; --text: #e4e8eb; --soft: #9aa5ae; --grid: #2b3136; --axis: #66717a;
        --bound: #9aa5ae; --strong: #22282d; --c0: #4ba3dd; --c1: #ff8a3d; --c2: #2fc79b;
        --c3: #e59bc4; --c4: #f2b632; --c5: #8accf2; --c6: #c6a46a; --c7: #f0e442; --c8: #a08fd6;
        --c9: #aab4bb; } }
    body { background: var(--page); color: var(--text); margin: 2rem auto; max-width: 1180px;
      padding: 0 1.2rem; font: 15px/1.5 system-ui, sans-serif; }
    h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.2rem 0 0.6rem;
      grid-column: 1 / -1; }
    .subtitle, p { color: var(--soft); margin: 0.2rem 0 1rem; grid-column: 1 / -1; }
    main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr));
      gap: 0.4rem 2rem; }
    figure { margin: 0.6rem 0; min-width: 0; }
    figcaption { font-weight: 600; margin-bottom: 0.2rem; }
    .chart { width: 100%; height: auto; display: block; }
    .chart text { fill: var(--text); font: 12px system-ui, sans-serif; }
    .chart .tick { fill: var(--soft); } .chart .center { text-anchor: middle; }
    .chart .end { text-anchor: end; } .chart .middle { dominant-baseline: central; }
    .grid { stroke: var(--grid); } .axis { stroke: var(--axis); }
    .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
    .line.bound { stroke: var(--bound); stroke-dasharray: 5 4; }
    .dot { stroke: var(--page); stroke-width: 0.8; fill-opacity: 0.75; }
    .dot.strong { stroke: var(--text); stroke-width: 1.4; fill-opacity: 1; }
    \((0..<Chart.colourCount).map {
      ".line.c\($0) { stroke: var(--c\($0)); } .dot.c\($0), .bar.c\($0) { fill: var(--c\($0)); }"
    }.joined(separator: "\n"))
    .scroll { overflow-x: auto; grid-column: 1 / -1; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { padding: 0.22rem 0.8rem 0.22rem 0; text-align: left; white-space: nowrap;
      border-bottom: 1px solid var(--grid); }
    th { color: var(--soft); font-weight: 600; } .n { text-align: right; }
    tr.strong { background: var(--strong); font-weight: 600; }
    details { grid-column: 1 / -1; margin-top: 1.5rem; } summary { cursor: pointer; }
    """
}
