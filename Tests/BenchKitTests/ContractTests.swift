import StorageBase
import Testing

@testable import BenchKit

/// The columns that others rely on. A line here changes only by an addition at its end, and then
/// `SummaryRow.schemaVersion` rises.
struct ContractTests {
  private static let summary = """
    schema_version,run_id,policy,policy_params,workload,mode,seed,git_rev,duration_s,writers,\
    readers,tablets,rows_ingested,bytes_ingested,rows_per_s,commits,commits_per_s,commit_p50_ms,\
    commit_p99_ms,commit_max_ms,visible_p50_ms,visible_p99_ms,queries,queries_per_s,query_p50_ms,\
    query_p95_ms,query_p99_ms,query_p999_ms,bytes_flushed,bytes_compacted_read,\
    bytes_compacted_written,write_amp,read_amp_mean,read_amp_max,space_amp,components_mean,\
    components_max,components_final,compaction_score_mean,compaction_score_max,debt_bytes_final,\
    compactions,compaction_cpu_s,cpu_s,cpu_s_per_gib_ingested,stall_count,stall_s,\
    stall_longest_s,rejected_loads,delete_bitmap_bytes,peak_rss_bytes,disk_bytes_final,\
    bytes_per_row,errors,merges,merge_bytes,total_bytes,build_bytes,max_settled,mean_settled,\
    opt_gap,keys,key_index_bytes,key_index_bytes_per_key,key_lookup_ns,device_bytes_written,\
    query_cpu_s,scheduler,clients,write_share,mix,offered,refused_queries,given_up,in_flight_max,\
    waiting_max,accounted_peak_bytes,versions,cancel_overrun_max_ms,page_cache_hits,\
    page_cache_misses,page_cache_bytes,row_cache_hits,row_cache_misses,row_cache_bytes,\
    index_cache_hits,index_cache_misses,index_cache_bytes,index_result_cache_hits,\
    index_result_cache_misses,index_result_cache_bytes,warmed_pages,opt_kind,segment_cache_hits,\
    segment_cache_misses,segment_cache_evictions,segment_cache_bytes,key_index_cache_hits,\
    key_index_cache_misses,key_index_cache_evictions,key_index_cache_bytes,key_index_rows_read
    """
  private static let timeline = """
    run_id,t_s,interval_s,rows,rows_per_s,bytes_ingested,commits,commits_per_s,commit_p50_ms,\
    commit_p99_ms,queries,queries_per_s,query_p50_ms,query_p99_ms,errors,rejected_loads,stall_s,\
    components_mean,components_max,compaction_score_mean,compaction_score_max,bytes_flushed,\
    bytes_compacted_read,bytes_compacted_written,write_amp,compactions,compactions_running,\
    compactions_queued,debt_bytes,cpu_s,rss_bytes,disk_bytes,in_flight,waiting,refused,\
    query_max_ms,page_cache_hits,page_cache_misses,warmed_pages
    """
  private static let operations =
    "run_id,kind,count,errors,p50_ms,p95_ms,p99_ms,p999_ms,max_ms,mean_ms,refused"
  private static let compactions = """
    run_id,start_s,queue_wait_s,duration_s,cpu_s,tablet,kind,first_version,last_version,inputs,\
    input_bytes,input_rows,output_bytes,output_rows,reason,outcome,linked_bytes,warmed_pages
    """

  @Test func headersAreThoseOfTheContract() {
    #expect(SummaryRow.schemaVersion == 7)
    #expect(SummaryRow.header == Self.summary)
    #expect(TimelineRow.header == Self.timeline)
    #expect(OperationRow.header == Self.operations)
    #expect(CompactionRow.header == Self.compactions)
  }

  @Test func everyColumnIsExplainedAndItsUnitIsInItsName() {
    // An `_s` at the end of a rate is part of `_per_s`.
    let suffixes = [("bytes", "bytes"), ("ms", "_ms"), ("rows/s", "_per_s"), ("1/s", "_per_s")]
    let files = [
      SummaryRow.columnDescriptions, TimelineRow.columnDescriptions,
      OperationRow.columnDescriptions, CompactionRow.columnDescriptions,
      SweepRow.columnDescriptions, SustainRow.columnDescriptions,
    ]
    for columns in files {
      #expect(Set(columns.map(\.name)).count == columns.count)
      for column in columns {
        #expect(!column.meaning.isEmpty)
        for (unit, part) in suffixes where column.unit == unit {
          #expect(column.name.contains(part), "\(column.name)")
        }
        let isSeconds = column.name.hasSuffix("_s") && !column.name.hasSuffix("_per_s")
        #expect(isSeconds == (column.unit == "s"), "\(column.name)")
      }
    }
  }

  @Test func whatDoesNotApplyIsEmpty() {
    let row = SummaryRow(
      runID: "r", policy: "none", policyParameters: "", workload: "w", mode: "real", seed: .max)
    let commas = String(repeating: ",", count: SummaryRow.columns.count - 7)
    #expect(row.line == "7,r,none,,w,real,18446744073709551615" + commas)
    let operation = OperationRow(runID: "r", kind: "q", errors: 0, latencies: LatencySnapshot())
    #expect(operation.line == "r,q,0,0,,,,,,,")
  }

  @Test func ratesOfTheTimelineFollowFromItsCounts() {
    var row = TimelineRow(runID: "r", elapsedSeconds: 2, intervalSeconds: 0.5)
    row.rows = 10
    #expect(row.line.hasPrefix("r,2,0.5,10,20,,,,"))
    row.intervalSeconds = 0
    #expect(row.line.hasPrefix("r,2,0,10,,,,,"))
  }

  @Test func aJobIsFineOrSaysWhyNot() {
    var row = CompactionRow(
      runID: "r", startSeconds: 1.5, durationSeconds: 0.25, tablet: 7, kind: "base",
      firstVersion: 0, lastVersion: 9, inputs: 3, inputBytes: 100, reason: "5 small, 1 large")
    #expect(row.line == "r,1.5,,0.25,,7,base,0,9,3,100,,,,\"5 small, 1 large\",ok,,")
    row.error = "no \"space\""
    #expect(row.line.hasSuffix(",\"no \"\"space\"\"\",,"))
  }
}
