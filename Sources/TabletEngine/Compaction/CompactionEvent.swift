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
  /// Empty when the job succeeded.
  public let error: String?
}
