import BenchKit

/// The page of one run, or of several side by side.
struct RunPage {
  private let runs: [RunTables]
  private let folder: String

  init(_ runs: [RunTables], folder: String) {
    self.runs = runs
    self.folder = folder
  }

  private var isComparison: Bool { runs.count > 1 }

  /// Policies, with what else is needed to tell the runs apart.
  private var names: [String] {
    let policies = runs.map { $0.field("policy") }
    return runs.indices.map { place in
      let same = runs.indices.filter { policies[$0] == policies[place] }
      guard same.count > 1 else { return policies[place] }
      // Parameters that all of them share say nothing.
      let lists = same.map { Set(runs[$0].field("policy_params").split(separator: ",")) }
      let common = lists.dropFirst().reduce(lists[0]) { $0.intersection($1) }
      let own = runs[place].field("policy_params").split(separator: ",").filter {
        !common.contains($0)
      }
      if !own.isEmpty { return policies[place] + ":" + own.joined(separator: ",") }
      return policies[place] + " " + String((same.firstIndex(of: place) ?? 0) + 1)
    }
  }

  var page: ReportPage {
    var page = ReportPage(title: title, subtitle: subtitle)
    addFigures(to: &page)
    if isComparison { addComparison(to: &page) }
    page.addHeading("Over time")
    for panel in Self.panels { page.add(chart(panel)) }
    if !isComparison { addJobs(to: &page) }
    addAllColumns(to: &page)
    return page
  }

  private var title: String {
    isComparison
      ? names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", ..." : "")
      : "\(names[0]), \(runs[0].field("workload"))"
  }

  private var subtitle: String {
    let run = runs[0]
    let parts = [
      ("workload", "workload"), ("writers", "writers"), ("readers", "readers"),
      ("tablets", "tablets"), ("seed", "seed"), ("mode", "mode"), ("git_rev", "revision"),
    ].compactMap { column, name in
      run.field(column).isEmpty ? nil : "\(name) \(run.field(column))"
    }
    return parts.joined(separator: ", ") + "; from \(folder)"
  }

  // MARK: Figures

  private static let figures: [(column: String, name: String)] = [
    ("rows_ingested", "rows"), ("rows_per_s", "rows/s"), ("commits", "loads"),
    ("rejected_loads", "refused"), ("commit_p50_ms", "load p50 ms"),
    ("commit_p99_ms", "load p99 ms"), ("query_p50_ms", "query p50 ms"),
    ("query_p99_ms", "query p99 ms"), ("write_amp", "write amp"), ("space_amp", "space amp"),
    ("components_mean", "versions mean"), ("components_max", "versions max"),
    ("compactions", "compactions"), ("compaction_cpu_s", "compaction CPU s"), ("cpu_s", "CPU s"),
    ("stall_s", "stalled s"), ("stall_longest_s", "longest stall s"), ("errors", "errors"),
  ]

  /// Of more runs each has a row of its own.
  private static let columnCountMax = 6

  private func addFigures(to page: inout ReportPage) {
    let shown = Self.figures.filter { figure in runs.contains { $0.number(figure.column) != nil } }
    guard runs.count > Self.columnCountMax else {
      page.addTable(
        columns: [(title: "", isNumber: false)] + names.map { (title: $0, isNumber: true) },
        rows: shown.map { figure in
          [figure.name] + runs.map { $0.number(figure.column).map(shortNumber) ?? "" }
        })
      return
    }
    page.addTable(
      columns: [(title: "policy", isNumber: false)] + shown.map { ($0.name, true) },
      rows: zip(runs, names).map { run, name in
        [name] + shown.map { run.number($0.column).map(shortNumber) ?? "" }
      })
  }

  private func addComparison(to page: inout ReportPage) {
    page.addHeading("Side by side")
    let costs = zip(runs, names).compactMap { run, name -> ChartSeries? in
      guard let x = run.number("components_mean"), let y = run.number("write_amp") else {
        return nil
      }
      return ChartSeries(
        name, .dots, points: [(x, y)],
        notes: ["\(name): write amp \(shortNumber(y)), \(shortNumber(x)) versions"],
        isStrong: [true])
    }
    page.add(
      Chart(
        "Write amplification against versions that readers merge", x: "versions, mean",
        y: "write amplification", series: costs))
    for (column, title, unit) in [
      ("compaction_cpu_s", "Processor time of compaction", "s"),
      ("query_p99_ms", "Queries, 99th percentile", "ms"),
      ("commit_p99_ms", "Loads, 99th percentile", "ms"),
      ("stall_s", "Time that writers were held back", "s, all writers together"),
    ] {
      let bars = zip(runs, names).compactMap { run, name in run.number(column).map { (name, $0) } }
      if bars.contains(where: { $0.1 > 0 }) {
        page.add(BarChart(title, value: unit, bars: bars.map { (name: $0.0, value: $0.1) }))
      }
    }
  }

  // MARK: Over time

  private struct Panel {
    let title: String
    let unit: String
    /// Columns of `timeline.csv` with what they are called; a comparison shows the first.
    let columns: [(column: String, name: String)]
    /// What a value is divided by.
    var divisor = 1.0
    /// Whether values are of the interval, so that one cut short says little.
    var isOfInterval = false
  }

  private static let panels = [
    Panel(
      title: "Versions of a tablet", unit: "rowsets",
      columns: [("components_mean", "mean"), ("components_max", "most")]),
    Panel(
      title: "Compaction score", unit: "score",
      columns: [("compaction_score_max", "most"), ("compaction_score_mean", "mean")]),
    Panel(
      title: "Write amplification until now", unit: "written / flushed",
      columns: [("write_amp", "write amplification")]),
    Panel(
      title: "Debt: still to be written if loads stopped", unit: "MiB",
      columns: [("debt_bytes", "debt")], divisor: Double(1 << 20)),
    Panel(
      title: "Loads, from due to durable", unit: "ms",
      columns: [("commit_p99_ms", "99th percentile"), ("commit_p50_ms", "median")]),
    Panel(
      title: "Queries, from due to answered", unit: "ms",
      columns: [("query_p99_ms", "99th percentile"), ("query_p50_ms", "median")]),
    Panel(
      title: "Loads", unit: "1/s", columns: [("commits_per_s", "loads")],
      isOfInterval: true),
    Panel(
      title: "Stalls of writers", unit: "s in the interval", columns: [("stall_s", "stalled")],
      isOfInterval: true),
    Panel(
      title: "Bytes stored", unit: "MiB", columns: [("disk_bytes", "stored")],
      divisor: Double(1 << 20)),
    Panel(
      title: "Processor time", unit: "s in the interval", columns: [("cpu_s", "processor time")],
      isOfInterval: true),
  ]

  private func chart(_ panel: Panel) -> Chart {
    let lines = zip(runs, names).flatMap { run, name -> [ChartSeries] in
      guard let timeline = run.timeline else { return [] }
      let columns = isComparison ? [panel.columns[0]] : panel.columns
      let usual = timeline.rows.compactMap { timeline.number("interval_s", of: $0) }.max() ?? 1
      return columns.map { column in
        let points = timeline.rows.compactMap { row -> (x: Double, y: Double)? in
          let interval = timeline.number("interval_s", of: row) ?? usual
          guard !panel.isOfInterval || interval > usual / 2 else { return nil }
          guard let x = timeline.number("t_s", of: row),
            let y = timeline.number(column.column, of: row)
          else { return nil }
          return (x, y / panel.divisor)
        }
        return ChartSeries(isComparison ? name : column.name, points: points)
      }
    }
    let shown = lines.filter { line in line.points.contains { $0.y != 0 } }
    let what = isComparison && panel.columns.count > 1 ? ", \(panel.columns[0].name)" : ""
    return Chart(panel.title + what, x: "seconds", y: panel.unit, series: shown)
  }

  // MARK: Compactions

  private func addJobs(to page: inout ReportPage) {
    guard let jobs = runs[0].compactions, !jobs.rows.isEmpty else { return }
    let kinds = Set(jobs.rows.map { jobs.field("kind", of: $0) }).sorted()
    let clouds = kinds.map { kind in
      let rows = jobs.rows.filter { jobs.field("kind", of: $0) == kind }
      let points = rows.map { row in
        (
          x: jobs.number("start_s", of: row) ?? 0,
          y: (jobs.number("input_bytes", of: row) ?? 0) / Double(1 << 20)
        )
      }
      return ChartSeries(
        kind, .dots, points: points, notes: rows.map { jobs.field("reason", of: $0) })
    }
    page.addHeading("Compactions")
    page.add(
      Chart(
        "Compactions by size; a dot's reason shows under the pointer", x: "seconds",
        y: "MiB read", yIsLogarithmic: true, series: clouds))
    let largest = jobs.rows.sorted {
      (jobs.number("input_bytes", of: $0) ?? 0) > (jobs.number("input_bytes", of: $1) ?? 0)
    }.prefix(12)
    let columns = ["start_s", "duration_s", "tablet", "kind", "inputs", "input_bytes", "reason"]
    page.addHeading("The largest")
    page.addTable(
      columns: columns.map { (title: $0, isNumber: $0 != "kind" && $0 != "reason") },
      rows: largest.map { row in
        columns.map { column in
          let number = jobs.number(column, of: row)
          if let number, column.hasSuffix("_bytes") { return formatBytes(Int(number)) }
          return number.map(shortNumber) ?? jobs.field(column, of: row)
        }
      })
  }

  private func addAllColumns(to page: inout ReportPage) {
    page.beginDetails("All columns of summary.csv")
    page.addTable(
      columns: [(title: "column", isNumber: false), (title: "meaning", isNumber: false)]
        + names.map { (title: $0, isNumber: true) },
      rows: SummaryRow.columnDescriptions.compactMap { column in
        let fields = runs.map { $0.field(column.name) }
        guard fields.contains(where: { !$0.isEmpty }) else { return nil }
        return [column.name, column.meaning] + fields
      })
    page.endDetails()
  }
}

/// With about three digits.
func shortNumber(_ value: Double) -> String {
  guard value.magnitude < 10_000 else { return formatRate(value) }
  if value == value.rounded() { return formatFixed(value, places: 0) }
  return ChartAxis.label(value, step: max(value.magnitude / 100, 1e-4))
}
