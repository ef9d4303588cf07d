import BenchKit

/// The page of a sweep: each workload's runs, and which of them nothing beats.
struct SweepPage {
  private let table: CSVTable
  private let folder: String

  init(_ table: CSVTable, folder: String) {
    self.table = table
    self.folder = folder
  }

  /// Rows of one workload and mode, in the order of the file.
  private var workloads: [(name: String, rows: [[String]])] {
    var order: [[String]] = []
    let kind = { (row: [String]) in ["workload", "mode"].map { table.field($0, of: row) } }
    for row in table.rows where !order.contains(kind(row)) { order.append(kind(row)) }
    let hasModes = Set(order.map { $0[1] }).count > 1
    return order.map { key in
      (hasModes ? "\(key[0]), \(key[1])" : key[0], table.rows.filter { kind($0) == key })
    }
  }

  private func isInFront(_ row: [String]) -> Bool { table.field("pareto", of: row) == "true" }

  var page: ReportPage {
    let front = table.rows.count(where: isInFront)
    var page = ReportPage(
      title: "Sweep: \(table.rows.count) runs",
      subtitle: "\(front) on the Pareto front of their workload; from \(folder)")
    page.addText(
      "A large dot is on the front: no run with the same loads and seed is better in write "
        + "amplification, mean components, peak space and longest stall together.")
    for workload in workloads {
      page.addHeading("Workload \(workload.name)")
      page.add(
        cloud(
          "Write amplification against components", workload.rows, "components_mean",
          "components, mean", "write_amp", "write amplification"))
      page.add(
        cloud(
          "Longest stall against write amplification", workload.rows, "write_amp",
          "write amplification", "stall_longest_s", "longest stall, s"))
      page.add(
        cloud(
          "Loads, 99th percentile, against components", workload.rows, "components_mean",
          "components, mean", "commit_p99_ms", "ms"))
      page.add(
        cloud(
          "Peak space against write amplification", workload.rows, "write_amp",
          "write amplification", "peak_bytes", "GiB", divisor: Double(1 << 30)))
      if workload.rows.contains(where: { table.number("query_cpu_s", of: $0) != nil }) {
        page.add(
          cloud(
            "What queries cost against what merges cost", workload.rows, "compaction_cpu_s",
            "processor time of merges, s", "query_cpu_s", "processor time of queries, s"))
      }
      addFront(workload.rows, to: &page)
    }
    return page
  }

  /// A colour for each policy by name, whatever its parameters.
  private func cloud(
    _ title: String, _ rows: [[String]], _ x: String, _ xTitle: String, _ y: String,
    _ yTitle: String, divisor: Double = 1
  ) -> Chart {
    let policies = rows.reduce(into: [String]()) { names, row in
      let name = table.field("policy", of: row)
      if !names.contains(name) { names.append(name) }
    }
    let series = policies.map { policy in
      let own = rows.filter {
        table.field("policy", of: $0) == policy && table.number(x, of: $0) != nil
          && table.number(y, of: $0) != nil
      }
      return ChartSeries(
        policy, .dots,
        points: own.map { row in
          (table.number(x, of: row) ?? 0, (table.number(y, of: row) ?? 0) / divisor)
        },
        notes: own.map { row in
          [
            table.field("policy_spec", of: row), table.field("scheduler_spec", of: row),
            "seed " + table.field("seed", of: row),
          ].filter { !$0.isEmpty }.joined(separator: ", ")
        }, isStrong: own.map(isInFront))
    }
    return Chart(
      title, x: xTitle, y: yTitle, xIsLogarithmic: true,
      yIsLogarithmic: ["write_amp", "commit_p99_ms", "query_cpu_s"].contains(y),
      series: series.filter { !$0.points.isEmpty })
  }

  /// Columns that are no figures are shown where they differ.
  private static let columns: [(column: String, name: String, isFigure: Bool)] = [
    ("policy_spec", "policy", false), ("scheduler_spec", "scheduler", false),
    ("costs", "costs", false),
    ("loads", "loads", false), ("back_pressure", "back-pressure", false), ("seed", "seed", false),
    ("write_amp", "write amp", true), ("components_mean", "components", true),
    ("peak_bytes", "peak space", true), ("stall_longest_s", "longest stall s", true),
    ("commit_p99_ms", "load p99 ms", true), ("compaction_cpu_s", "CPU s", true),
    ("query_cpu_s", "query CPU s", true),
    ("opt_gap", "against optimum", true),
  ]
  private static let rowCountMax = 60

  private func addFront(_ rows: [[String]], to page: inout ReportPage) {
    let front = rows.filter(isInFront).sorted {
      (table.number("write_amp", of: $0) ?? 0) < (table.number("write_amp", of: $1) ?? 0)
    }
    let shown = Self.columns.filter { column in
      let fields = Set(rows.map { table.field(column.column, of: $0) })
      return fields != [""] && (fields.count > 1 || column.isFigure)
    }
    page.addTable(
      columns: shown.map { (title: $0.name, isNumber: $0.isFigure) },
      rows: front.prefix(Self.rowCountMax).map { row in
        shown.map { column in
          let number = column.isFigure ? table.number(column.column, of: row) : nil
          if let number, column.column.hasSuffix("_bytes") { return formatBytes(Int(number)) }
          return number.map(shortNumber) ?? table.field(column.column, of: row)
        }
      })
    if front.count > Self.rowCountMax {
      page.addText("... and \(front.count - Self.rowCountMax) more in sweep.csv")
    }
  }
}
