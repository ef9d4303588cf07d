import BenchKit
import StorageBase
import StorageIO
import TabletEngine

/// Takes a row of `timeline.csv` per interval and keeps what the summary needs of them. Used by
/// one thread.
final class Sampler {
  let run: JobRun
  private let folder: RunFolder
  private let clock = SystemClock()
  private var last: Timestamp
  private var lastTotals = JobCounters.Totals()
  private var lastStallSeconds = 0.0
  private var lastJobs = 0
  private var lastCPU: Double
  private(set) var loadEnd: LoadEnd?
  private(set) var gaugesSoFar = CompactionGauges()

  /// Where things stood when the last load had been acknowledged.
  struct LoadEnd {
    let seconds: Double
    let writeAmplification: Double
    let versionsMax: Int
  }

  init(run: JobRun, folder: RunFolder) {
    self.run = run
    self.folder = folder
    last = run.startedAt
    lastCPU = run.startUsage.cpuSeconds
  }

  /// Whether what the current phase waits for has come.
  var hasPhaseEnded: Bool { loadEnd == nil ? !run.isLoading : run.scheduler.isQuiescent }

  /// Samples once more and notes that the loads have ended.
  func markLoadEnd() {
    loadEnd = LoadEnd(
      seconds: run.elapsed(clock.now()), writeAmplification: writeAmplification ?? 1,
      versionsMax: gauges().componentsMax ?? 0)
  }

  private var writeAmplification: Double? {
    run.compactions.current.writeAmplification(flushedBytes: run.counters.current.flushedBytes)
  }

  /// Every tablet now, in the policy's own terms.
  private func gauges() -> TabletGauges {
    TabletGauges(run.store, policy: run.policy.policy, at: clock.now())
  }

  /// Writes the row of the interval that ends now, and the compactions that ended in it.
  @discardableResult
  func sample() throws -> TimelineRow {
    let now = clock.now()
    let interval = now.seconds(since: last)
    let totals = run.counters.current
    let jobs = run.compactions.current
    let tablets = gauges()
    var row = TimelineRow(
      runID: folder.runID, elapsedSeconds: run.elapsed(now), intervalSeconds: interval)
    fillTraffic(&row, totals)
    row.fill(tablets)
    row.fill(jobs, flushedBytes: totals.flushedBytes)
    row.compactionsFinished = jobs.jobs - lastJobs
    row.compactionsRunning = run.scheduler.runningCount
    let usage = ProcessUsage.current()
    row.cpuSeconds = usage.cpuSeconds - lastCPU
    row.rssBytes = usage.currentRSSBytes
    try folder.append(row)
    for event in run.compactions.drain() {
      try folder.append(CompactionRow(event, runID: folder.runID, since: run.startedAt))
    }
    gaugesSoFar.add(row, isOver: loadEnd != nil)
    (last, lastTotals, lastJobs, lastCPU) = (now, totals, jobs.jobs, usage.cpuSeconds)
    return row
  }

  private func fillTraffic(_ row: inout TimelineRow, _ totals: JobCounters.Totals) {
    row.rows = totals.rows - lastTotals.rows
    row.bytesIngested = totals.logicalBytes - lastTotals.logicalBytes
    row.commits = totals.commits - lastTotals.commits
    row.queries = totals.queries - lastTotals.queries
    row.errors = totals.errors - lastTotals.errors
    row.rejectedLoads = totals.rejectedLoads - lastTotals.rejectedLoads
    let stallSeconds = run.store.slowingTotals.seconds
    row.stallSeconds = stallSeconds - lastStallSeconds
    lastStallSeconds = stallSeconds
    let queries = run.counters.intervalQueryLatency.snapshotAndReset()
    row.fill(commits: run.counters.intervalCommitLatency.snapshotAndReset(), queries: queries)
  }

  func progressLine(_ row: TimelineRow) -> String {
    var parts = [
      "\(formatFixed(row.elapsedSeconds, places: 0)) s",
      "\(formatRate(row.rowsPerSecond ?? 0)) rows/s",
      "\(formatRate(row.commitsPerSecond ?? 0)) loads/s",
      "versions \(formatFixed(row.componentsMean ?? 0, places: 1)) (max \(row.componentsMax ?? 0))",
      "write amp \(formatFixed(row.writeAmplification ?? 1, places: 2))",
    ]
    parts += row.latencyParts
    if loadEnd != nil { parts.append("loads done, \(formatBytes(row.debtBytes ?? 0)) to compact") }
    return parts.joined(separator: " | ")
  }
}
