/// The row of `summary.csv`: one run.
///
/// Every file holds every column, simulated runs too, so that files can be put one behind the
/// other. A figure that does not apply stays nil and becomes an empty field. The columns are
/// described in `SummaryRow+Columns.swift`.
public struct SummaryRow: CSVRow {
  /// Rises with every column that is appended.
  public static let schemaVersion = 7

  public var schemaVersion: Int { Self.schemaVersion }
  public var runID: String
  public var policy: String
  public var policyParameters: String
  public var workload: String
  public var mode: String
  public var seed: UInt64
  public var gitRevision: String?
  public var durationSeconds: Double?
  public var writers: Int?
  public var readers: Int?
  public var tablets: Int?
  public var rowsIngested: Int?
  public var bytesIngested: Int?
  public var rowsPerSecond: Double?
  public var commits: Int?
  public var commitsPerSecond: Double?
  public var commitP50Milliseconds: Double?
  public var commitP99Milliseconds: Double?
  public var commitMaxMilliseconds: Double?
  public var visibleP50Milliseconds: Double?
  public var visibleP99Milliseconds: Double?
  public var queries: Int?
  public var queriesPerSecond: Double?
  public var queryP50Milliseconds: Double?
  public var queryP95Milliseconds: Double?
  public var queryP99Milliseconds: Double?
  public var queryP999Milliseconds: Double?
  public var bytesFlushed: Int?
  public var bytesCompactedRead: Int?
  public var bytesCompactedWritten: Int?
  public var writeAmplification: Double?
  public var readAmplificationMean: Double?
  public var readAmplificationMax: Double?
  public var spaceAmplification: Double?
  public var componentsMean: Double?
  public var componentsMax: Int?
  public var componentsFinal: Double?
  public var compactionScoreMean: Double?
  public var compactionScoreMax: Double?
  public var debtBytesFinal: Int?
  public var compactions: Int?
  public var compactionCPUSeconds: Double?
  public var cpuSeconds: Double?
  public var cpuSecondsPerGiBIngested: Double?
  public var stallCount: Int?
  public var stallSeconds: Double?
  public var stallLongestSeconds: Double?
  public var rejectedLoads: Int?
  public var deleteBitmapBytes: Int?
  public var peakRSSBytes: Int?
  public var diskBytesFinal: Int?
  public var bytesPerRow: Double?
  public var errors: Int?
  public var merges: Int?
  public var mergeBytes: Int?
  public var totalBytes: Int?
  public var buildBytes: Int?
  public var maxSettled: Int?
  public var meanSettled: Double?
  public var optimumGap: Double?
  public var keys: Int?
  public var keyIndexBytes: Int?
  public var keyIndexBytesPerKey: Double?
  public var keyLookupNanoseconds: Double?
  public var deviceBytesWritten: Int?
  public var queryCPUSeconds: Double?
  public var scheduler: String?
  public var clients: Int?
  public var writeShare: Double?
  public var mix: String?
  public var offeredOperations: Int?
  public var refusedQueries: Int?
  public var givenUpOperations: Int?
  public var inFlightMax: Int?
  public var waitingMax: Int?
  public var accountedPeakBytes: Int?
  public var versions: Int?
  public var cancelOverrunMaxMilliseconds: Double?
  public var pageCacheHits: Int?
  public var pageCacheMisses: Int?
  public var pageCacheBytes: Int?
  public var rowCacheHits: Int?
  public var rowCacheMisses: Int?
  public var rowCacheBytes: Int?
  public var indexCacheHits: Int?
  public var indexCacheMisses: Int?
  public var indexCacheBytes: Int?
  public var indexResultCacheHits: Int?
  public var indexResultCacheMisses: Int?
  public var indexResultCacheBytes: Int?
  public var warmedPages: Int?
  public var optimumKind: String?
  public var segmentCacheHits: Int?
  public var segmentCacheMisses: Int?
  public var segmentCacheEvictions: Int?
  public var segmentCacheBytes: Int?
  public var keyIndexCacheHits: Int?
  public var keyIndexCacheMisses: Int?
  public var keyIndexCacheEvictions: Int?
  public var keyIndexCacheBytes: Int?
  public var keyIndexRowsRead: Int?

  public init(
    runID: String, policy: String, policyParameters: String, workload: String, mode: String,
    seed: UInt64
  ) {
    self.runID = runID
    self.policy = policy
    self.policyParameters = policyParameters
    self.workload = workload
    self.mode = mode
    self.seed = seed
  }
}
