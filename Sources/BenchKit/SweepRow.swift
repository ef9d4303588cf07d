/// A row of `sweep.csv`: one run of a sweep. First the columns of `summary.csv`, then what the run
/// was made of, what a sweep measures beside, and whether any other run of the same workload is
/// better.
///
/// Together the columns from `model` to `query_arrivals`, and `seed`, say all that decides the
/// outcome, so that they are the key by which a finished row is found again.
public struct SweepRow: CSVRow {
  public var summary: SummaryRow
  /// `flushes` or `timed`.
  public var model: String
  public var policySpec: String
  public var arrivals: String?
  public var sizes: String
  public var overlapMebibytes: Int?
  public var loads: Int
  public var keys: String
  public var schedulerSpec: String?
  public var costs: String?
  public var backPressure: String?
  public var versionLimit: Int?
  public var queries: String?
  public var peakBytes: Int?
  public var settledWriteAmplification: Double?
  public var quiesceSeconds: Double?
  public var versionsMax: Int?
  public var costSeconds: Double?
  /// Nil as long as other runs are missing.
  public var isPareto: Bool?

  public init(
    summary: SummaryRow, model: String, policySpec: String, sizes: String, loads: Int,
    keys: String
  ) {
    self.summary = summary
    self.model = model
    self.policySpec = policySpec
    self.sizes = sizes
    self.loads = loads
    self.keys = keys
  }

  public static let fileName = "sweep.csv"

  public static let columns: [CSVColumn<SweepRow>] =
    SummaryRow.columns.map { $0.inside(\SweepRow.summary) } + configurationColumns + figureColumns

  private static let configurationColumns: [CSVColumn<SweepRow>] = [
    CSVColumn("model", "", \.model, "flushes: instant merges; timed: merges take time"),
    CSVColumn("policy_spec", "", \.policySpec, "the policy as --policy takes it"),
    CSVColumn("arrivals", "", \.arrivals, "when loads were due"),
    CSVColumn("sizes", "", \.sizes, "how large loads were"),
    CSVColumn("overlap_mib", "MiB", \.overlapMebibytes, "key space of a tablet; 0: new keys only"),
    CSVColumn("loads", "", \.loads, "loads that arrived"),
    CSVColumn("keys_model", "", \.keys, "duplicate or unique"),
    CSVColumn("scheduler_spec", "", \.schedulerSpec, "the scheduler as --scheduler takes it"),
    CSVColumn("costs", "", \.costs, "what differs from the usual cost model"),
    CSVColumn("back_pressure", "", \.backPressure, "what happens to loads as versions pile up"),
    CSVColumn("version_limit", "", \.versionLimit, "versions of a tablet that refuse loads"),
    CSVColumn("query_arrivals", "", \.queries, "how often queries came"),
  ]

  private static let figureColumns: [CSVColumn<SweepRow>] = [
    CSVColumn(
      "peak_bytes", "bytes", \.peakBytes,
      "rowsets and what merges were writing, at the worst moment"),
    CSVColumn(
      "settled_write_amp", "", \.settledWriteAmplification,
      "write_amp with what was still written after the last load"),
    CSVColumn("quiesce_s", "s", \.quiesceSeconds, "from the last load until the policy rested"),
    CSVColumn("versions_max", "", \.versionsMax, "most rowsets of a tablet, empty ones included"),
    CSVColumn(
      "cost_s", "s", \.costSeconds, "processor time of merges and queries together"),
    CSVColumn(
      "pareto", "", \.isPareto,
      "no run with the same loads and seed is better in write_amp, components_mean, peak_bytes and "
        + "stall_longest_s together"),
  ]
}
