/// A row of `operations.csv`: all operations of one kind of one run.
public struct OperationRow: CSVRow {
  public var runID: String
  public var kind: String
  public var count: Int
  public var errors: Int
  public var p50Milliseconds: Double?
  public var p95Milliseconds: Double?
  public var p99Milliseconds: Double?
  public var p999Milliseconds: Double?
  public var maxMilliseconds: Double?
  public var meanMilliseconds: Double?
  /// Nil where nothing is ever refused.
  public var refused: Int?

  /// - Parameter latencies: of the operations that succeeded; their number is the count.
  public init(runID: String, kind: String, errors: Int, latencies: LatencySnapshot) {
    self.runID = runID
    self.kind = kind
    self.errors = errors
    count = latencies.count
    p50Milliseconds = latencies.p50Milliseconds
    p95Milliseconds = latencies.p95Milliseconds
    p99Milliseconds = latencies.p99Milliseconds
    p999Milliseconds = latencies.p999Milliseconds
    maxMilliseconds = latencies.maxMilliseconds
    meanMilliseconds = latencies.meanMilliseconds
  }

  public static let fileName = "operations.csv"

  public static let columns: [CSVColumn<OperationRow>] = [
    CSVColumn("run_id", "", \.runID, "the run, as in summary.csv"),
    CSVColumn("kind", "", \.kind, "commit, visible, or the name of a query"),
    CSVColumn("count", "", \.count, "operations that succeeded"),
    CSVColumn("errors", "", \.errors, "operations that failed; not in the latencies"),
    CSVColumn("p50_ms", "ms", \.p50Milliseconds, "median latency, from the moment it was due"),
    CSVColumn("p95_ms", "ms", \.p95Milliseconds, "95th percentile of the latency"),
    CSVColumn("p99_ms", "ms", \.p99Milliseconds, "99th percentile of the latency"),
    CSVColumn("p999_ms", "ms", \.p999Milliseconds, "99.9th percentile of the latency"),
    CSVColumn("max_ms", "ms", \.maxMilliseconds, "longest latency"),
    CSVColumn("mean_ms", "ms", \.meanMilliseconds, "mean latency"),
    CSVColumn("refused", "", \.refused, "operations refused or out of time; not in the latencies"),
  ]
}
