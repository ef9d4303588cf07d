import StorageBase
import TabletModel

/// What one compaction did: a row of `compactions.csv`.
public struct CompactionEvent: Sendable {
  public let tablet: TabletID
  public let kind: CompactionKind
  public let versions: VersionRange
  public let inputCount: Int
  public let inputByteCount: Int
  public let inputRowCount: Int
  /// Empty when the job failed.
  public let output: RowsetSummary?
  /// Why the policy wanted it.
  public let reason: String
  /// When the last change before the decision was seen; the wait for a slot starts here.
  public let queuedAt: Timestamp
  public let startedAt: Timestamp
  public let finishedAt: Timestamp
  public let cpuSeconds: Double
  /// Bytes of pages read, as stored.
  public let readByteCount: Int
  /// Bytes of the output that are those of the inputs, and were not written again.
  public let linkedByteCount: Int
  /// Bytes of the output that came from another replica; nil for a merge of its own.
  public let fetchedByteCount: Int?
  /// Pages of the output that were put into the cache before it was swapped in.
  public let warmedPageCount: Int
  /// Empty when the job succeeded.
  public let error: String?
}

extension CompactionEvent {
  init(
    _ claim: CompactionScheduler.Claim, _ result: Result<CompactionJob.Outcome, any Error>,
    startedAt: Timestamp, finishedAt: Timestamp, cpuSeconds: Double
  ) {
    let job = claim.job
    let inputs = job.facts.rowsets.filter { job.pick.versions.contains($0.versions) }
    var outcome: CompactionJob.Outcome?
    var failure: String?
    switch result {
    case .success(let value): outcome = value
    case .failure(let error): failure = "\(error)"
    }
    self.init(
      tablet: job.snapshot.id, kind: job.pick.kind, versions: job.pick.versions,
      inputCount: inputs.count, inputByteCount: inputs.reduce(0) { $0 + $1.byteCount },
      inputRowCount: inputs.reduce(0) { $0 + $1.rowCount }, output: outcome?.output,
      reason: claim.reason, queuedAt: claim.queuedAt, startedAt: startedAt,
      finishedAt: finishedAt, cpuSeconds: cpuSeconds,
      readByteCount: outcome?.work.bytesStored ?? 0,
      linkedByteCount: outcome?.linkedByteCount ?? 0,
      fetchedByteCount: job.fetch == nil ? nil : outcome?.output.byteCount ?? 0,
      warmedPageCount: outcome?.warmedPageCount ?? 0, error: failure)
  }
}
