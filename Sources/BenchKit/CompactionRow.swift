/// A row of `compactions.csv`: one compaction job.
public struct CompactionRow: CSVRow {
  public var runID: String
  public var startSeconds: Double
  public var queueWaitSeconds: Double?
  public var durationSeconds: Double
  public var cpuSeconds: Double?
  public var tablet: UInt64
  public var kind: String
  public var firstVersion: Int
  public var lastVersion: Int
  public var inputs: Int
  public var inputBytes: Int
  public var inputRows: Int?
  public var outputBytes: Int?
  public var outputRows: Int?
  public var linkedBytes: Int?
  public var warmedPages: Int?
  public var reason: String
  /// Nil when the job succeeded.
  public var error: String?

  public init(
    runID: String, startSeconds: Double, durationSeconds: Double, tablet: UInt64, kind: String,
    firstVersion: Int, lastVersion: Int, inputs: Int, inputBytes: Int, reason: String
  ) {
    self.runID = runID
    self.startSeconds = startSeconds
    self.durationSeconds = durationSeconds
    self.tablet = tablet
    self.kind = kind
    self.firstVersion = firstVersion
    self.lastVersion = lastVersion
    self.inputs = inputs
    self.inputBytes = inputBytes
    self.reason = reason
  }

  /// `ok`, or what went wrong.
  var outcome: String { error ?? "ok" }

  public static let fileName = "compactions.csv"

  public static let columns: [CSVColumn<CompactionRow>] = [
    CSVColumn("run_id", "", \.runID, "the run, as in summary.csv"),
    CSVColumn("start_s", "s", \.startSeconds, "when the job began, since the run began"),
    CSVColumn(
      "queue_wait_s", "s", \.queueWaitSeconds, "from the decision of the policy to the begin"),
    CSVColumn("duration_s", "s", \.durationSeconds, "from the begin to the swap of the snapshot"),
    CSVColumn("cpu_s", "s", \.cpuSeconds, "processor time of the thread that ran it"),
    CSVColumn("tablet", "", \.tablet, "tablet id"),
    CSVColumn("kind", "", \.kind, "cumulative, base or full"),
    CSVColumn("first_version", "", \.firstVersion, "first version of the inputs"),
    CSVColumn("last_version", "", \.lastVersion, "last version of the inputs"),
    CSVColumn("inputs", "", \.inputs, "rowsets merged"),
    CSVColumn("input_bytes", "bytes", \.inputBytes, "bytes of the inputs on disk"),
    CSVColumn("input_rows", "rows", \.inputRows, "rows of the inputs, deleted ones included"),
    CSVColumn("output_bytes", "bytes", \.outputBytes, "bytes of the output on disk"),
    CSVColumn("output_rows", "rows", \.outputRows, "rows of the output"),
    CSVColumn("reason", "", \.reason, "why the policy picked these inputs, in its words"),
    CSVColumn("outcome", "", \.outcome, "ok, or the error that ended the job"),
    CSVColumn(
      "linked_bytes", "bytes", \.linkedBytes,
      "bytes of the output that are those of the inputs, not written again"),
    CSVColumn(
      "warmed_pages", "", \.warmedPages, "pages of the output put into the cache before the swap"),
  ]
}
