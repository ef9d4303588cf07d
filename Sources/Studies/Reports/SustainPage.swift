import BenchKit

/// The page of the two-phase protocol.
struct SustainPage {
  private let table: CSVTable
  private let folder: String

  init(_ table: CSVTable, folder: String) {
    self.table = table
    self.folder = folder
  }

  private var running: [[String]] {
    table.rows.filter { table.field("phase", of: $0) == "running" }
  }

  private func name(_ row: [String]) -> String {
    let scheduler = table.field("scheduler_spec", of: row)
    return table.field("policy_spec", of: row) + (scheduler.isEmpty ? "" : ", \(scheduler)")
  }

  var page: ReportPage {
    let stable = running.count { table.field("verdict", of: $0) == "stable" }
    var page = ReportPage(
      title: "Rates that can be kept up",
      subtitle: "\(stable) of \(running.count) are stable at the rate offered; from \(folder)")
    page.addText(
      "A closed system gives the maximum; then loads are due at a constant share of it, and time "
        + "in the queue counts.")
    for (column, title, unit) in [
      ("sustained_per_s", "Maximum of the closed system", "loads/s"),
      ("commit_p99_ms", "Loads, 99th percentile, when running", "ms"),
      ("stall_longest_s", "Longest stall when running", "s"),
      ("compaction_cpu_s", "Processor time of compaction when running", "s"),
    ] {
      let bars = running.compactMap { row in
        table.number(column, of: row).map { (name: name(row), value: $0) }
      }
      page.add(BarChart(title, value: unit, bars: bars))
    }
    let columns = [
      "sustained_per_s", "offered_per_s", "commit_p50_ms", "commit_p99_ms", "commit_max_ms",
      "stall_longest_s", "components_mean", "write_amp", "backlog_max", "backlog_growth_share",
      "verdict",
    ]
    page.addTable(
      columns: [(title: "policy, scheduler", isNumber: false)]
        + columns.map { (title: $0, isNumber: $0 != "verdict") },
      rows: running.map { row in
        [name(row)]
          + columns.map {
            table.number($0, of: row).map(shortNumber) ?? table.field($0, of: row)
          }
      })
    return page
  }
}
