extension SummaryRow {
  public static let fileName = "summary.csv"

  public static let columns: [CSVColumn<SummaryRow>] =
    identityColumns + trafficColumns + storageColumns + resourceColumns + simulationColumns
    + keyColumns + costColumns + schedulerColumns + clientColumns
    + cacheColumns + optimumColumns + openedColumns

  private static let identityColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn("schema_version", "", \.schemaVersion, "version of this list of columns"),
    CSVColumn("run_id", "", \.runID, "names the run and its folder"),
    CSVColumn("policy", "", \.policy, "compaction policy"),
    CSVColumn(
      "policy_params", "", \.policyParameters, "its parameters, key=value separated by spaces"),
    CSVColumn("workload", "", \.workload, "what was loaded and asked"),
    CSVColumn("mode", "", \.mode, "engine: real files; simulated: times are virtual seconds"),
    CSVColumn("seed", "", \.seed, "what repeats the run"),
    CSVColumn("git_rev", "", \.gitRevision, "revision of the program, -dirty when changed"),
    CSVColumn("duration_s", "s", \.durationSeconds, "measured part of the run"),
    CSVColumn("writers", "", \.writers, "threads that load"),
    CSVColumn("readers", "", \.readers, "threads that query"),
    CSVColumn("tablets", "", \.tablets, "hash buckets of the table"),
  ]

  private static let trafficColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn("rows_ingested", "rows", \.rowsIngested, "rows acknowledged"),
    CSVColumn(
      "bytes_ingested", "bytes", \.bytesIngested, "logical bytes of these rows, before encoding"),
    CSVColumn("rows_per_s", "rows/s", \.rowsPerSecond, "rows_ingested / duration_s"),
    CSVColumn("commits", "", \.commits, "loads acknowledged"),
    CSVColumn("commits_per_s", "1/s", \.commitsPerSecond, "commits / duration_s"),
    CSVColumn("commit_p50_ms", "ms", \.commitP50Milliseconds, "load due to durable, median"),
    CSVColumn("commit_p99_ms", "ms", \.commitP99Milliseconds, "the same, 99th percentile"),
    CSVColumn("commit_max_ms", "ms", \.commitMaxMilliseconds, "the same, longest"),
    CSVColumn(
      "visible_p50_ms", "ms", \.visibleP50Milliseconds, "load due to seen by queries, median"),
    CSVColumn("visible_p99_ms", "ms", \.visibleP99Milliseconds, "the same, 99th percentile"),
    CSVColumn("queries", "", \.queries, "queries answered"),
    CSVColumn("queries_per_s", "1/s", \.queriesPerSecond, "queries / duration_s"),
    CSVColumn("query_p50_ms", "ms", \.queryP50Milliseconds, "query due to answered, median"),
    CSVColumn("query_p95_ms", "ms", \.queryP95Milliseconds, "the same, 95th percentile"),
    CSVColumn("query_p99_ms", "ms", \.queryP99Milliseconds, "the same, 99th percentile"),
    CSVColumn("query_p999_ms", "ms", \.queryP999Milliseconds, "the same, 99.9th percentile"),
  ]

  private static let storageColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn("bytes_flushed", "bytes", \.bytesFlushed, "written for new rowsets"),
    CSVColumn("bytes_compacted_read", "bytes", \.bytesCompactedRead, "inputs of compaction jobs"),
    CSVColumn(
      "bytes_compacted_written", "bytes", \.bytesCompactedWritten, "outputs of compaction jobs"),
    CSVColumn("write_amp", "", \.writeAmplification, "(flushed + compacted written) / flushed"),
    CSVColumn(
      "read_amp_mean", "", \.readAmplificationMean,
      "overlapping components a point read consults, mean over time"),
    CSVColumn("read_amp_max", "", \.readAmplificationMax, "the same, worst moment"),
    CSVColumn(
      "space_amp", "", \.spaceAmplification, "bytes on disk / bytes after a full compaction"),
    CSVColumn(
      "components_mean", "", \.componentsMean,
      "rowsets on the read path of a tablet, mean over tablets and time"),
    CSVColumn("components_max", "", \.componentsMax, "the same, worst tablet and moment"),
    CSVColumn("components_final", "", \.componentsFinal, "the same, mean over tablets at the end"),
    CSVColumn(
      "compaction_score_mean", "", \.compactionScoreMean,
      "urgency in the policy's terms, mean over tablets and time"),
    CSVColumn(
      "compaction_score_max", "", \.compactionScoreMax, "the same, worst tablet and moment"),
    CSVColumn(
      "debt_bytes_final", "bytes", \.debtBytesFinal,
      "still to be written until the policy rests, at the end"),
    CSVColumn("compactions", "", \.compactions, "jobs that succeeded"),
    CSVColumn("compaction_cpu_s", "s", \.compactionCPUSeconds, "processor time of compaction jobs"),
  ]

  private static let resourceColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn("cpu_s", "s", \.cpuSeconds, "processor time of the process, user and system"),
    CSVColumn(
      "cpu_s_per_gib_ingested", "s/GiB", \.cpuSecondsPerGiBIngested,
      "cpu_s / bytes_ingested in GiB"),
    CSVColumn("stall_count", "", \.stallCount, "times a writer was blocked by the engine"),
    CSVColumn("stall_s", "s", \.stallSeconds, "time writers were blocked, summed over writers"),
    CSVColumn("stall_longest_s", "s", \.stallLongestSeconds, "longest single stall"),
    CSVColumn("rejected_loads", "", \.rejectedLoads, "loads refused: too many versions"),
    CSVColumn("delete_bitmap_bytes", "bytes", \.deleteBitmapBytes, "delete bitmaps at the end"),
    CSVColumn("peak_rss_bytes", "bytes", \.peakRSSBytes, "most memory resident at once"),
    CSVColumn("disk_bytes_final", "bytes", \.diskBytesFinal, "bytes of the store at the end"),
    CSVColumn("bytes_per_row", "bytes", \.bytesPerRow, "disk_bytes_final / live rows"),
    CSVColumn("errors", "", \.errors, "operations that failed"),
  ]

  /// Filled by simulated runs only.
  private static let simulationColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn("merges", "", \.merges, "merges of the canonical model"),
    CSVColumn("merge_bytes", "bytes", \.mergeBytes, "bytes written by merges"),
    CSVColumn("total_bytes", "bytes", \.totalBytes, "flushed and merged bytes"),
    CSVColumn(
      "build_bytes", "bytes", \.buildBytes,
      "merged bytes, and those of loads that set off no merge"),
    CSVColumn("max_settled", "", \.maxSettled, "most components after the merges a load set off"),
    CSVColumn("mean_settled", "", \.meanSettled, "mean of the same over loads"),
    CSVColumn(
      "opt_gap", "", \.optimumGap,
      "written / the least there is for as many components, see opt_kind; empty without loads"),
  ]

  /// Since version 6.
  private static let optimumColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn(
      "opt_kind", "", \.optimumKind,
      "what opt_gap is measured by: exact, the least there is for whoever knows all loads; bound, "
        + "a number below it, so that opt_gap is too high")
  ]

  /// Since version 7; of runs with many clients.
  private static let openedColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn("segment_cache_hits", "", \.segmentCacheHits, "segments found opened"),
    CSVColumn("segment_cache_misses", "", \.segmentCacheMisses, "segments that were opened"),
    CSVColumn(
      "segment_cache_evictions", "", \.segmentCacheEvictions, "segments closed for want of room"),
    CSVColumn(
      "segment_cache_bytes", "bytes", \.segmentCacheBytes,
      "memory of segments that are opened at the end"),
    CSVColumn(
      "key_index_cache_hits", "", \.keyIndexCacheHits,
      "loads and look-ups that found the hash index of a tablet in memory"),
    CSVColumn(
      "key_index_cache_misses", "", \.keyIndexCacheMisses, "those that did not find it there"),
    CSVColumn(
      "key_index_cache_evictions", "", \.keyIndexCacheEvictions,
      "indexes dropped for want of room"),
    CSVColumn(
      "key_index_cache_bytes", "bytes", \.keyIndexCacheBytes, "memory of indexes at the end"),
    CSVColumn(
      "key_index_rows_read", "rows", \.keyIndexRowsRead,
      "rows whose keys were read to build indexes"),
  ]

  /// Since version 5; of runs with many clients.
  private static let clientColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn("clients", "", \.clients, "clients, each with at most one operation in flight"),
    CSVColumn("write_share", "", \.writeShare, "share of the clients that load"),
    CSVColumn("mix", "", \.mix, "what the others ask"),
    CSVColumn("offered", "", \.offeredOperations, "operations that became due"),
    CSVColumn("refused_queries", "", \.refusedQueries, "queries refused or out of time"),
    CSVColumn(
      "given_up", "", \.givenUpOperations,
      "operations that clients gave up before they could send them"),
    CSVColumn("in_flight_max", "", \.inFlightMax, "most clients that waited for an answer at once"),
    CSVColumn("waiting_max", "", \.waitingMax, "most operations in line at once, over all groups"),
    CSVColumn(
      "accounted_peak_bytes", "bytes", \.accountedPeakBytes,
      "most memory that loads and queries accounted for at once"),
    CSVColumn("versions", "", \.versions, "versions that loads became; many share one"),
    CSVColumn(
      "cancel_overrun_max_ms", "ms", \.cancelOverrunMaxMilliseconds,
      "longest a query went on after it was cancelled"),
  ]

  /// Since version 5.
  private static let cacheColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn("page_cache_hits", "", \.pageCacheHits, "decoded pages found"),
    CSVColumn("page_cache_misses", "", \.pageCacheMisses, "pages looked for in vain"),
    CSVColumn("page_cache_bytes", "bytes", \.pageCacheBytes, "decoded pages held at the end"),
    CSVColumn("row_cache_hits", "", \.rowCacheHits, "pages of row stores found"),
    CSVColumn("row_cache_misses", "", \.rowCacheMisses, "the same, not found"),
    CSVColumn("row_cache_bytes", "bytes", \.rowCacheBytes, "the same, held at the end"),
    CSVColumn("index_cache_hits", "", \.indexCacheHits, "opened inverted indexes found"),
    CSVColumn("index_cache_misses", "", \.indexCacheMisses, "the same, not found"),
    CSVColumn("index_cache_bytes", "bytes", \.indexCacheBytes, "the same, held at the end"),
    CSVColumn("index_result_cache_hits", "", \.indexResultCacheHits, "rows of terms found"),
    CSVColumn("index_result_cache_misses", "", \.indexResultCacheMisses, "the same, not found"),
    CSVColumn(
      "index_result_cache_bytes", "bytes", \.indexResultCacheBytes, "the same, held at the end"),
    CSVColumn(
      "warmed_pages", "", \.warmedPages,
      "pages of outputs of compactions put into the cache before they were swapped in"),
  ]

  /// Since version 4.
  private static let schedulerColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn(
      "scheduler", "", \.scheduler, "which compactions start when, with all parameters")
  ]

  /// Since version 3.
  private static let costColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn(
      "query_cpu_s", "s", \.queryCPUSeconds,
      "processor time of queries; with compaction_cpu_s it is what a policy costs")
  ]

  /// Since version 2; the first four of workloads with unique keys.
  private static let keyColumns: [CSVColumn<SummaryRow>] = [
    CSVColumn("keys", "", \.keys, "keys at the end: rows that queries see"),
    CSVColumn("key_index_bytes", "bytes", \.keyIndexBytes, "memory of the key index at the end"),
    CSVColumn(
      "key_index_bytes_per_key", "bytes", \.keyIndexBytesPerKey, "key_index_bytes / keys"),
    CSVColumn(
      "key_lookup_ns", "ns", \.keyLookupNanoseconds,
      "processor time of finding a key and reading its first column, 1000 at a time, at the end"),
    CSVColumn(
      "device_bytes_written", "bytes", \.deviceBytesWritten,
      "given to disks by the process, in whole pages"),
  ]
}
