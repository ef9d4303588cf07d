import BenchKit

/// The rows of a sweep that nothing beats, for people.
public struct SweepSummary {
  private let table: CSVTable
  private static let rowCountMax = 40

  public init(_ table: CSVTable) { self.table = table }

  public var text: String {
    let front = table.rows.filter { table.field("pareto", of: $0) == "true" }
    var text = TextTable([
      .init("workload", .leading), .init("mode", .leading), .init("seed"),
      .init("scheduler", .leading),
      .init("policy", .leading), .init("write amp"), .init("components"), .init("peak space"),
      .init("longest stall"),
    ])
    for row in front.prefix(Self.rowCountMax) {
      text.append([
        table.field("workload", of: row), table.field("mode", of: row),
        table.field("seed", of: row),
        table.field("scheduler_spec", of: row), table.field("policy_spec", of: row),
        fixed("write_amp", row), fixed("components_mean", row),
        table.number("peak_bytes", of: row).map { formatBytes(Int($0)) } ?? "-",
        table.number("stall_longest_s", of: row).map { formatDuration(seconds: $0) } ?? "-",
      ])
    }
    let more =
      front.count > Self.rowCountMax ? "... and \(front.count - Self.rowCountMax) more\n" : ""
    return
      "\(front.count) of \(table.rows.count) runs are on the Pareto front of their workload and "
      + "mode:\n\n" + text.text + more
  }

  private func fixed(_ column: String, _ row: [String]) -> String {
    table.number(column, of: row).map { formatFixed($0, places: 2) } ?? "-"
  }
}
