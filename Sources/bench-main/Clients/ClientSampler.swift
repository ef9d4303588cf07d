import BenchKit
import StorageBase
import StorageIO
import TabletEngine

/// Takes a row of `timeline.csv` per interval, and keeps what the summary needs of them. Used by
/// one thread.
final class ClientSampler {
  let run: ClientRun
  private let folder: RunFolder
  private let clock = SystemClock()
  private var last: Timestamp
  private var lastTotals: ClientCounters.Totals
  private var lastStallSeconds = 0.0
  private var lastJobs = CompactionLog.Totals()
  private var lastPages: CacheCounters?
  private var lastCPU: Double
  /// All rows so far.
  private(set) var timeline: [TimelineRow] = []
  private(set) var componentsSum = 0.0
  private(set) var componentsMax = 0
  private(set) var scoreSum = 0.0
  private(set) var scoreMax = 0.0
  private(set) var sampleSeconds = 0.0
  private(set) var debtBytes = 0
  private(set) var componentsNow = 0.0
  /// Until the last client was answered.
  private(set) var loadSeconds = 0.0

  init(run: ClientRun, folder: RunFolder) {
    self.run = run
    self.folder = folder
    last = run.startedAt
    lastCPU = run.startUsage.cpuSeconds
    lastTotals = run.counters.current
  }

  /// The clients have been answered.
  func markEnd() { loadSeconds = run.elapsed(clock.now()) }

  var writeAmplification: Double? {
    let flushed = run.counters.current.flushedBytes
    guard flushed > 0 else { return nil }
    return Double(flushed + run.engine.compactions.current.writtenBytes) / Double(flushed)
  }

  /// Writes the row of the interval that ends now, and the compactions that ended in it.
  @discardableResult
  func sample() throws -> TimelineRow {
    let now = clock.now()
    let interval = now.seconds(since: last)
    let totals = run.counters.current
    let jobs = run.engine.compactions.current
    let tablets = TabletGauges(run.engine.store, policy: run.policy.policy, at: now)
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
    row.compactionsFinished = jobs.jobs - lastJobs.jobs
    row.warmedPages = jobs.warmedPages - lastJobs.warmedPages
    fillCache(&row)
    row.compactionsRunning = run.engine.scheduler.runningCount
    row.debtBytes = tablets.debtBytes
    let usage = ProcessUsage.current()
    row.cpuSeconds = usage.cpuSeconds - lastCPU
    row.rssBytes = usage.currentRSSBytes
    row.diskBytes = tablets.byteCount
    row.inFlight = run.crowd.busyCount
    row.waiting = run.queues.waitingCount
    try folder.append(row)
    timeline.append(row)
    for event in run.engine.compactions.drain() {
      try folder.append(CompactionRow(event, runID: folder.runID, since: run.startedAt))
    }
    accumulate(row, interval)
    (last, lastTotals, lastJobs, lastCPU) = (now, totals, jobs, usage.cpuSeconds)
    return row
  }

  private func fillTraffic(_ row: inout TimelineRow, _ totals: ClientCounters.Totals) {
    row.rows = totals.rows - lastTotals.rows
    row.bytesIngested = totals.logicalBytes - lastTotals.logicalBytes
    row.commits = totals.loads - lastTotals.loads
    row.queries = totals.queries - lastTotals.queries
    row.errors = totals.errors - lastTotals.errors
    row.rejectedLoads = totals.loadRefusals - lastTotals.loadRefusals
    row.refused = totals.refusals - lastTotals.refusals
    let stallSeconds = run.engine.store.slowingTotals.seconds
    row.stallSeconds = stallSeconds - lastStallSeconds
    lastStallSeconds = stallSeconds
    let loads = run.counters.intervalLoadLatency.snapshotAndReset()
    row.commitP50Milliseconds = loads.p50Milliseconds
    row.commitP99Milliseconds = loads.p99Milliseconds
    let queries = run.counters.intervalQueryLatency.snapshotAndReset()
    row.queryP50Milliseconds = queries.p50Milliseconds
    row.queryP99Milliseconds = queries.p99Milliseconds
    row.queryMaxMilliseconds = queries.maxMilliseconds
  }

  private func fillCache(_ row: inout TimelineRow) {
    guard let pages = run.engine.store.cacheCounters.first(where: { $0.name == "page" }) else {
      return
    }
    row.pageCacheHits = pages.hits - (lastPages?.hits ?? 0)
    row.pageCacheMisses = pages.misses - (lastPages?.misses ?? 0)
    lastPages = pages
  }

  /// Means are over time, and only while clients come.
  private func accumulate(_ row: TimelineRow, _ interval: Double) {
    debtBytes = row.debtBytes ?? 0
    componentsNow = row.componentsMean ?? 0
    guard loadSeconds == 0 else { return }
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
      "\(formatRate(row.queriesPerSecond ?? 0)) queries/s",
    ]
    if let p99 = row.commitP99Milliseconds {
      parts.append("load p99 \(formatFixed(p99, places: 1)) ms")
    }
    if let p99 = row.queryP99Milliseconds {
      parts.append("query p99 \(formatFixed(p99, places: 1)) ms")
    }
    parts.append("in flight \(row.inFlight ?? 0)")
    if let refused = row.refused, refused > 0 { parts.append("refused \(refused)") }
    parts.append("versions \(formatFixed(row.componentsMean ?? 0, places: 1))")
    return parts.joined(separator: " | ")
  }
}
