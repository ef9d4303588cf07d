/// A row of `timeline.csv`: one interval of a run. Counts are those of the interval; gauges are
/// taken at its end.
public struct TimelineRow: CSVRow {
  public var runID: String
  public var elapsedSeconds: Double
  public var intervalSeconds: Double
  public var rows: Int?
  public var bytesIngested: Int?
  public var commits: Int?
  public var commitP50Milliseconds: Double?
  public var commitP99Milliseconds: Double?
  public var queries: Int?
  public var queryP50Milliseconds: Double?
  public var queryP99Milliseconds: Double?
  public var errors: Int?
  public var rejectedLoads: Int?
  public var stallSeconds: Double?
  public var componentsMean: Double?
  public var componentsMax: Int?
  public var compactionScoreMean: Double?
  public var compactionScoreMax: Double?
  public var bytesFlushed: Int?
  public var bytesCompactedRead: Int?
  public var bytesCompactedWritten: Int?
  public var writeAmplification: Double?
  public var compactionsFinished: Int?
  public var compactionsRunning: Int?
  public var compactionsQueued: Int?
  public var debtBytes: Int?
  public var cpuSeconds: Double?
  public var rssBytes: Int?
  public var diskBytes: Int?
  public var inFlight: Int?
  public var waiting: Int?
  public var refused: Int?
  public var queryMaxMilliseconds: Double?
  public var pageCacheHits: Int?
  public var pageCacheMisses: Int?
  public var warmedPages: Int?

  public init(runID: String, elapsedSeconds: Double, intervalSeconds: Double) {
    self.runID = runID
    self.elapsedSeconds = elapsedSeconds
    self.intervalSeconds = intervalSeconds
  }

  private func perSecond(_ count: Int?) -> Double? {
    count.flatMap { intervalSeconds > 0 ? Double($0) / intervalSeconds : nil }
  }

  public var rowsPerSecond: Double? { perSecond(rows) }
  public var commitsPerSecond: Double? { perSecond(commits) }
  public var queriesPerSecond: Double? { perSecond(queries) }

  public static let fileName = "timeline.csv"

  public static let columns: [CSVColumn<TimelineRow>] =
    trafficColumns + storageColumns + clientColumns

  private static let trafficColumns: [CSVColumn<TimelineRow>] = [
    CSVColumn("run_id", "", \.runID, "the run, as in summary.csv"),
    CSVColumn("t_s", "s", \.elapsedSeconds, "end of the interval, since the run began"),
    CSVColumn("interval_s", "s", \.intervalSeconds, "length of the interval"),
    CSVColumn("rows", "rows", \.rows, "rows acknowledged in the interval"),
    CSVColumn("rows_per_s", "rows/s", \.rowsPerSecond, "rows / interval_s"),
    CSVColumn("bytes_ingested", "bytes", \.bytesIngested, "logical bytes of these rows"),
    CSVColumn("commits", "", \.commits, "loads acknowledged in the interval"),
    CSVColumn("commits_per_s", "1/s", \.commitsPerSecond, "commits / interval_s"),
    CSVColumn("commit_p50_ms", "ms", \.commitP50Milliseconds, "median, due to acknowledged"),
    CSVColumn("commit_p99_ms", "ms", \.commitP99Milliseconds, "99th percentile of the same"),
    CSVColumn("queries", "", \.queries, "queries answered in the interval"),
    CSVColumn("queries_per_s", "1/s", \.queriesPerSecond, "queries / interval_s"),
    CSVColumn("query_p50_ms", "ms", \.queryP50Milliseconds, "median, due to answered"),
    CSVColumn("query_p99_ms", "ms", \.queryP99Milliseconds, "99th percentile of the same"),
    CSVColumn("errors", "", \.errors, "operations that failed in the interval"),
    CSVColumn("rejected_loads", "", \.rejectedLoads, "loads refused: too many versions"),
    CSVColumn("stall_s", "s", \.stallSeconds, "time writers were blocked, summed over writers"),
  ]

  private static let storageColumns: [CSVColumn<TimelineRow>] = [
    CSVColumn(
      "components_mean", "", \.componentsMean, "rowsets on the read path, mean over tablets"),
    CSVColumn("components_max", "", \.componentsMax, "the same, worst tablet"),
    CSVColumn(
      "compaction_score_mean", "", \.compactionScoreMean,
      "urgency in the policy's terms, mean over tablets"),
    CSVColumn("compaction_score_max", "", \.compactionScoreMax, "the same, worst tablet"),
    CSVColumn("bytes_flushed", "bytes", \.bytesFlushed, "written for new rowsets"),
    CSVColumn("bytes_compacted_read", "bytes", \.bytesCompactedRead, "inputs of ended jobs"),
    CSVColumn("bytes_compacted_written", "bytes", \.bytesCompactedWritten, "outputs of ended jobs"),
    CSVColumn(
      "write_amp", "", \.writeAmplification,
      "(flushed + compacted written) / flushed, since the run began"),
    CSVColumn("compactions", "", \.compactionsFinished, "jobs ended in the interval"),
    CSVColumn("compactions_running", "", \.compactionsRunning, "jobs running at its end"),
    CSVColumn("compactions_queued", "", \.compactionsQueued, "jobs waiting for a slot at its end"),
    CSVColumn(
      "debt_bytes", "bytes", \.debtBytes,
      "still to be written until the policy rests, if loads stopped now"),
    CSVColumn("cpu_s", "s", \.cpuSeconds, "processor time of the process in the interval"),
    CSVColumn("rss_bytes", "bytes", \.rssBytes, "resident memory at its end"),
    CSVColumn("disk_bytes", "bytes", \.diskBytes, "bytes of the store at its end"),
  ]

  /// Since version 5; of runs with many clients.
  private static let clientColumns: [CSVColumn<TimelineRow>] = [
    CSVColumn("in_flight", "", \.inFlight, "clients that wait for an answer, at its end"),
    CSVColumn("waiting", "", \.waiting, "operations in line, at its end"),
    CSVColumn("refused", "", \.refused, "operations refused or out of time in the interval"),
    CSVColumn("query_max_ms", "ms", \.queryMaxMilliseconds, "longest, due to answered"),
    CSVColumn("page_cache_hits", "", \.pageCacheHits, "decoded pages found in the interval"),
    CSVColumn("page_cache_misses", "", \.pageCacheMisses, "pages looked for in vain in it"),
    CSVColumn(
      "warmed_pages", "", \.warmedPages, "pages put into the cache before a swap in the interval"),
  ]
}
