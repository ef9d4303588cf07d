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
  private(set) var gaugesSoFar = CompactionGauges()
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
    row.fill(tablets)
    row.fill(jobs, flushedBytes: totals.flushedBytes)
    row.compactionsFinished = jobs.jobs - lastJobs.jobs
    row.warmedPages = jobs.warmedPages - lastJobs.warmedPages
    fillCache(&row)
    row.compactionsRunning = run.engine.scheduler.runningCount
    let usage = ProcessUsage.current()
    row.cpuSeconds = usage.cpuSeconds - lastCPU
    row.rssBytes = usage.currentRSSBytes
    row.inFlight = run.crowd.busyCount
    row.waiting = run.queues.waitingCount
    try folder.append(row)
    timeline.append(row)
    for event in run.engine.compactions.drain() {
      try folder.append(CompactionRow(event, runID: folder.runID, since: run.startedAt))
    }
    gaugesSoFar.add(row, isOver: loadSeconds > 0)
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
    let queries = run.counters.intervalQueryLatency.snapshotAndReset()
    row.fill(commits: run.counters.intervalLoadLatency.snapshotAndReset(), queries: queries)
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

  func progressLine(_ row: TimelineRow) -> String {
    var parts = [
      "\(formatFixed(row.elapsedSeconds, places: 0)) s",
      "\(formatRate(row.rowsPerSecond ?? 0)) rows/s",
      "\(formatRate(row.commitsPerSecond ?? 0)) loads/s",
      "\(formatRate(row.queriesPerSecond ?? 0)) queries/s",
    ]
    parts += row.latencyParts
    parts.append("in flight \(row.inFlight ?? 0)")
    if let refused = row.refused, refused > 0 { parts.append("refused \(refused)") }
    parts.append("versions \(formatFixed(row.componentsMean ?? 0, places: 1))")
    return parts.joined(separator: " | ")
  }
}
