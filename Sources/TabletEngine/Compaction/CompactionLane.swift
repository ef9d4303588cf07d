import StorageIO
import TabletModel

/// Threads for some kinds of compaction. Cumulative and base compaction get a lane each, so that
/// a long base compaction never keeps small ones waiting.
public struct CompactionLane: Sendable {
  public let kinds: Set<CompactionKind>
  /// Jobs at a time.
  public let slotCount: Int
  public let executor: any JobExecutor

  public init(kinds: Set<CompactionKind>, slotCount: Int, executor: any JobExecutor) {
    precondition(slotCount >= 1)
    self.kinds = kinds
    self.slotCount = slotCount
    self.executor = executor
  }
}
