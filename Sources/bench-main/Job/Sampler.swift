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
  private(set) var componentsSum = 0.0
  private(set) var componentsMax = 0
  private(set) var scoreSum = 0.0
  private(set) var scoreMax = 0.0
  private(set) var sampleSeconds = 0.0
  private(set) var debtBytes = 0
  private(set) var componentsNow = 0.0

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

  /// (flushed + compacted) / flushed, so far; nil before anything was flushed.
  var writeAmplification: Double? {
    let flushed = run.counters.current.flushedBytes
    guard flushed > 0 else { return nil }
    return Double(flushed + run.compactions.current.writtenBytes) / Double(flushed)
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
    row.componentsMean = tablets.componentsMean
    row.componentsMax = tablets.componentsMax
    row.compactionScoreMean = tablets.scoreMean
    row.compactionScoreMax = tablets.scoreMax
    row.bytesFlushed = totals.flushedBytes
    row.bytesCompactedRead = jobs.readBytes
    row.bytesCompactedWritten = jobs.writtenBytes
    row.writeAmplification = writeAmplification
    row.compactionsFinished = jobs.jobs - lastJobs
    row.compactionsRunning = run.scheduler.runningCount
    row.debtBytes = tablets.debtBytes
    let usage = ProcessUsage.current()
    row.cpuSeconds = usage.cpuSeconds - lastCPU
    row.rssBytes = usage.currentRSSBytes
    row.diskBytes = tablets.byteCount
    try folder.append(row)
    for event in run.compactions.drain() {
      try folder.append(CompactionRow(event, runID: folder.runID, since: run.startedAt))
    }
    accumulate(row, interval)
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
    let commits = run.counters.intervalCommitLatency.snapshotAndReset()
    row.commitP50Milliseconds = commits.p50Milliseconds
    row.commitP99Milliseconds = commits.p99Milliseconds
    let queries = run.counters.intervalQueryLatency.snapshotAndReset()
    row.queryP50Milliseconds = queries.p50Milliseconds
    row.queryP99Milliseconds = queries.p99Milliseconds
  }

  /// Means are over time, and only while loads arrive: afterwards nothing but the wait is left.
  private func accumulate(_ row: TimelineRow, _ interval: Double) {
    debtBytes = row.debtBytes ?? 0
    componentsNow = row.componentsMean ?? 0
    guard loadEnd == nil else { return }
    componentsSum += (row.componentsMean ?? 0) * interval
    componentsMax = max(componentsMax, row.componentsMax ?? 0)
    scoreSum += (row.compactionScoreMean ?? 0) * interval
    scoreMax = max(scoreMax, row.compactionScoreMax ?? 0)
    sampleSeconds += interval
  }

  func progressLine(_ row: TimelineRow) -> String {
    var parts = [
      "\(formatFixed(row.elapsedSeconds, places: 0)) s",
      "\(formatRate(row.rowsPerSecond ?? 0)) rows/s",
      "\(formatRate(row.commitsPerSecond ?? 0)) loads/s",
      "versions \(formatFixed(row.componentsMean ?? 0, places: 1)) (max \(row.componentsMax ?? 0))",
      "write amp \(formatFixed(row.writeAmplification ?? 1, places: 2))",
    ]
    if let p99 = row.commitP99Milliseconds {
      parts.append("commit p99 \(formatFixed(p99, places: 1)) ms")
    }
    if let p99 = row.queryP99Milliseconds {
      parts.append("query p99 \(formatFixed(p99, places: 1)) ms")
    }
    if loadEnd != nil { parts.append("loads done, \(formatBytes(row.debtBytes ?? 0)) to compact") }
    return parts.joined(separator: " | ")
  }
}
