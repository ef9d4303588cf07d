import BenchKit

/// Summaries side by side, a line per figure: what a person looks at first.
struct SummaryTable {
  let rows: [SummaryRow]

  private typealias Figure = (name: String, value: @Sendable (SummaryRow) -> String)

  private static let figures: [Figure] = [
    ("rows ingested", { count($0.rowsIngested) }),
    ("rows per second", { rate($0.rowsPerSecond) }),
    ("loads (versions)", { count($0.commits) }),
    ("loads refused", { count($0.rejectedLoads) }),
    (
      "commit p50 / p99 / max ms",
      {
        [$0.commitP50Milliseconds, $0.commitP99Milliseconds, $0.commitMaxMilliseconds]
          .map { fixed($0) }.joined(separator: " / ")
      }
    ),
    ("queries", { count($0.queries) }),
    (
      "query p50 / p99 / p99.9 ms",
      {
        [$0.queryP50Milliseconds, $0.queryP99Milliseconds, $0.queryP999Milliseconds]
          .map { fixed($0) }.joined(separator: " / ")
      }
    ),
    ("flushed", { bytes($0.bytesFlushed) }),
    ("compaction wrote", { bytes($0.bytesCompactedWritten) }),
    ("write amplification", { fixed($0.writeAmplification) }),
    ("space amplification", { fixed($0.spaceAmplification) }),
    (
      "versions mean / max / final",
      {
        [fixed($0.componentsMean), count($0.componentsMax), fixed($0.componentsFinal)]
          .joined(separator: " / ")
      }
    ),
    ("compactions", { count($0.compactions) }),
    ("compaction CPU s", { fixed($0.compactionCPUSeconds) }),
    ("CPU s", { fixed($0.cpuSeconds) }),
    (
      "stalls: count / s",
      {
        "\(count($0.stallCount)) / \(fixed($0.stallSeconds))"
      }
    ),
    ("on disk", { bytes($0.diskBytesFinal) }),
    ("bytes per row", { fixed($0.bytesPerRow) }),
    ("peak memory", { bytes($0.peakRSSBytes) }),
    ("errors", { count($0.errors) }),
  ]

  private static func count(_ value: Int?) -> String { value.map { "\($0)" } ?? "-" }
  private static func rate(_ value: Double?) -> String { value.map { formatRate($0) } ?? "-" }
  private static func bytes(_ value: Int?) -> String { value.map { formatBytes($0) } ?? "-" }
  private static func fixed(_ value: Double?) -> String {
    value.map { formatFixed($0, places: 2) } ?? "-"
  }

  var text: String {
    var table = TextTable(
      [.init("", .leading)]
        + rows.map { .init($0.policy) })
    for figure in Self.figures { table.append([figure.name] + rows.map(figure.value)) }
    return table.text
  }
}

/// Latencies by kind of operation.
struct OperationTable {
  let rows: [OperationRow]

  var text: String {
    var table = TextTable([
      .init("operation", .leading), .init("count"), .init("p50", unit: "ms"),
      .init("p95", unit: "ms"), .init("p99", unit: "ms"), .init("max", unit: "ms"),
    ])
    for row in rows {
      let latencies = [
        row.p50Milliseconds, row.p95Milliseconds, row.p99Milliseconds, row.maxMilliseconds,
      ]
      table.append(
        [row.kind, "\(row.count)"]
          + latencies.map { $0.map { formatFixed($0, places: 2) } ?? "-" })
    }
    return table.text
  }
}
