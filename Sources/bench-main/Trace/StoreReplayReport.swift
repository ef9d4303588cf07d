import BenchKit
import CompactionPolicies

/// What a replay into a real store measured.
struct StoreReplayReport {
  private let replay: StoreReplay
  private let policy: ConfiguredPolicy
  private let loadCount: Int
  private let seed: UInt64
  private let speed: Double
  private let rowCount: Int
  private let expectedRowCount: Int
  let summary: SummaryRow

  init(
    _ replay: StoreReplay, _ policy: ConfiguredPolicy, _ settings: StoreReplay.Settings,
    loadCount: Int
  ) throws {
    self.replay = replay
    self.policy = policy
    self.loadCount = loadCount
    seed = settings.seed
    speed = settings.speed
    rowCount = try replay.rowCount()
    expectedRowCount = replay.expectedRowCount
    let totals = replay.counters.current
    let jobs = replay.compactions.current
    let commits = replay.counters.commitLatency.snapshot()
    let components = replay.componentCounts
    var row = SummaryRow(
      runID: "replay-\(policy.name)-\(loadCount)", policy: policy.name,
      policyParameters: policy.parameterList, workload: "replay", mode: "engine",
      seed: settings.seed)
    row.gitRevision = GitRevision.capture(at: sourceRoot)?.short
    row.durationSeconds = replay.seconds
    row.writers = settings.writers
    row.tablets = components.count
    row.rowsIngested = totals.rows
    row.bytesIngested = totals.logicalBytes
    row.rowsPerSecond = Double(totals.rows) / max(replay.seconds, 1e-9)
    row.commits = totals.commits
    row.commitsPerSecond = Double(totals.commits) / max(replay.seconds, 1e-9)
    var queries = LatencySnapshot()
    for latency in replay.counters.queryLatency { queries.merge(latency.snapshot()) }
    row.fill(commits: commits, queries: queries)
    if totals.queries > 0 {
      row.queries = totals.queries
      row.queriesPerSecond = Double(totals.queries) / max(replay.seconds, 1e-9)
      row.queryCPUSeconds = totals.queryCPUSeconds
    }
    row.fillStalls(of: replay.store)
    row.fill(jobs, flushedBytes: totals.flushedBytes)
    row.fillReads(
      rowsets: totals.rowsetsRead, tablets: totals.tabletsRead, most: totals.rowsetsReadMax)
    row.componentsMax = components.max()
    row.componentsFinal =
      components.isEmpty ? nil : Double(components.reduce(0, +)) / Double(components.count)
    row.cpuSeconds = ProcessUsage.current().cpuSeconds - replay.startUsage.cpuSeconds
    row.rejectedLoads = totals.rejectedLoads
    row.errors = totals.errors + jobs.failed + (rowCount == expectedRowCount ? 0 : 1)
    summary = row
  }

  /// Whether every operation succeeded and every row acknowledged is there.
  var isSound: Bool { summary.errors == 0 }

  var text: String {
    let totals = replay.counters.current
    let jobs = replay.compactions.current
    var lines = [
      "\(policy.spec): \(totals.commits) of \(loadCount) loads, \(formatCount(totals.rows)) rows, "
        + "into \(replay.componentCounts.count) tablets in "
        + "\(formatFixed(replay.seconds, places: 1)) s, \(formatFixed(speed, places: 1)) times the "
        + "recorded speed; "
        + "\(totals.rejectedLoads) refused",
      "  write amp    \(formatFixed(summary.writeAmplification ?? 1, places: 3)): flushed "
        + "\(formatBytes(totals.flushedBytes)), compaction wrote "
        + "\(formatBytes(jobs.writtenBytes)) in \(jobs.jobs) jobs",
      "  components   \(formatFixed(summary.componentsFinal ?? 0, places: 2)) in the end",
      "  load         p50 \(milliseconds(summary.commitP50Milliseconds)), p99 "
        + "\(milliseconds(summary.commitP99Milliseconds)), max "
        + "\(milliseconds(summary.commitMaxMilliseconds)), from when it was due",
      "  cpu          \(formatFixed(summary.cpuSeconds ?? 0, places: 2)) s, compaction "
        + "\(formatFixed(jobs.cpuSeconds, places: 2)) s",
      "  check        \(rowCount) rows found, \(expectedRowCount) acknowledged",
    ]
    if let error = totals.errorMessages.first ?? jobs.firstError {
      lines.append("  error        \(error)")
    }
    return lines.joined(separator: "\n")
  }

  private func milliseconds(_ value: Double?) -> String {
    value.map { "\(formatFixed($0, places: 2)) ms" } ?? "-"
  }
}
