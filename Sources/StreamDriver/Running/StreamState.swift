import StorageBase

/// What the writers and the coordinator of a stream tell each other.
struct StreamState: Sendable {
  /// The checkpoint that writers are to end their rows for.
  var requested: UInt64
  var requestedAt: Timestamp
  /// The last one whose loads are visible.
  var completed: UInt64
  /// Of the one that is requested, by writer.
  var reports: [Int: EpochReport] = [:]
  /// Partitions that writers have not taken over yet, by writer.
  var assigned: [Int: [(name: String, position: SourcePosition)]] = [:]
  private var assignedCount = 0
  /// Writers that have nothing to read any more.
  var exhausted: Set<Int> = []
  /// As of the last completed checkpoint.
  var horizon: EventTimeHorizon
  /// What became of changes of columns, by partition; until its writer has heard of it.
  var answers: [String: SchemaAnswer] = [:]
  /// Whether somebody waits for a checkpoint.
  var isCheckpointWanted = false
  var failure: (any Error)?
  var isStopping = false
  /// Counts what others may wait for.
  private(set) var changeCount: UInt64 = 0
  var status: StreamStatus

  init(
    checkpoint: UInt64, at now: Timestamp, horizon: EventTimeHorizon, status: StreamStatus
  ) {
    self.horizon = horizon
    requested = checkpoint
    requestedAt = now
    completed = checkpoint
    self.status = status
  }

  /// Says that something has changed that others may wait for; they are to be woken as well.
  mutating func noteChange() { changeCount &+= 1 }

  mutating func noteRefusal(_ error: StorageError) { status.refusal = "\(error)" }

  var isOver: Bool { failure != nil || status.isFinished }

  /// Gives a partition to the next writer in turn.
  mutating func assign(_ name: String, _ position: SourcePosition, _ writerCount: Int) {
    let writer = assignedCount % writerCount
    assignedCount += 1
    assigned[writer, default: []].append((name, position))
    exhausted.remove(writer)
  }
}
