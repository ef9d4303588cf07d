/// A row of `sustain.csv`: one phase of the two-phase protocol. First the columns of
/// `summary.csv`.
public struct SustainRow: CSVRow {
  public var summary: SummaryRow
  /// `testing` (closed) or `running` (open).
  public var phase: String
  public var policySpec: String
  public var schedulerSpec: String?
  public var sustainedPerSecond: Double?
  public var offeredPerSecond: Double?
  public var backlogMax: Double?
  public var backlogGrowthShare: Double?
  public var debtBytesMax: Int?
  public var peakBytes: Int?
  public var verdict: String?

  public init(summary: SummaryRow, phase: String, policySpec: String, schedulerSpec: String?) {
    self.summary = summary
    self.phase = phase
    self.policySpec = policySpec
    self.schedulerSpec = schedulerSpec
  }

  public static let fileName = "sustain.csv"

  public static let columns: [CSVColumn<SustainRow>] =
    SummaryRow.columns.map { $0.inside(\SustainRow.summary) } + [
      CSVColumn("phase", "", \.phase, "testing: closed system; running: open, constant arrivals"),
      CSVColumn("policy_spec", "", \.policySpec, "the policy as --policy takes it"),
      CSVColumn("scheduler_spec", "", \.schedulerSpec, "the scheduler as --scheduler takes it"),
      CSVColumn(
        "sustained_per_s", "1/s", \.sustainedPerSecond,
        "loads that the testing phase took after its warm-up"),
      CSVColumn("offered_per_s", "1/s", \.offeredPerSecond, "loads that were due when running"),
      CSVColumn(
        "backlog_max", "", \.backlogMax, "loads due and not yet dealt with, at the worst sample"),
      CSVColumn(
        "backlog_growth_share", "", \.backlogGrowthShare,
        "growth of the backlog in the second half, as a share of arrivals"),
      CSVColumn(
        "debt_bytes_max", "bytes", \.debtBytesMax,
        "still to be written until the policy rests, at the worst sample"),
      CSVColumn(
        "peak_bytes", "bytes", \.peakBytes,
        "rowsets and what merges were writing, at the worst moment"),
      CSVColumn(
        "verdict", "", \.verdict,
        "stable, or refuses (loads), falls-behind (the backlog grows), slow (99th percentile)"),
    ]
}
