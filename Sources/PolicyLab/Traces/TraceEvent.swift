import StorageBase
import TabletModel

/// One line of a trace after the first (`FORMAT.md`).
public enum TraceEvent: Hashable, Sendable {
  /// The tablet as it stands, whatever came before.
  case tablet(TabletID, TracedTablet, at: Timestamp)
  /// `visibleAt` is when it could be read, a little after it was made.
  case load(TabletID, RowsetSummary, visibleAt: Timestamp)
  case merge(TabletID, TracedMerge)
  case ask(TabletID, TracedQuestion)
  case job(TabletID, TracedJob)

  public var tablet: TabletID {
    switch self {
    case .tablet(let id, _, _), .load(let id, _, _), .merge(let id, _), .ask(let id, _),
      .job(let id, _):
      id
    }
  }

  public var at: Timestamp {
    switch self {
    case .tablet(_, _, let at): at
    case .load(_, _, let visibleAt): visibleAt
    case .merge(_, let merge): merge.visibleAt
    case .ask(_, let question): question.now
    case .job(_, let job): job.finishedAt
    }
  }
}

/// A merge that has ended, for better or worse.
public struct TracedJob: Hashable, Sendable {
  public enum Result: Hashable, Sendable {
    case written(byteCount: Int)
    case failed(String)
  }

  public var kind: CompactionKind
  public var versions: VersionRange
  /// When the wait for a slot began.
  public var queuedAt: Timestamp
  public var startedAt: Timestamp
  public var finishedAt: Timestamp
  public var cpuMicroseconds: Int
  public var inputByteCount: Int
  public var result: Result

  public init(
    kind: CompactionKind, versions: VersionRange, queuedAt: Timestamp, startedAt: Timestamp,
    finishedAt: Timestamp, cpuMicroseconds: Int, inputByteCount: Int, result: Result
  ) {
    self.kind = kind
    self.versions = versions
    self.queuedAt = queuedAt
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.cpuMicroseconds = cpuMicroseconds
    self.inputByteCount = inputByteCount
    self.result = result
  }
}

/// The first line of a trace: where it comes from.
public struct TraceOrigin: Hashable, Sendable {
  /// `engine`, `timed`, or the system whose records were imported.
  public var source: String
  /// The spec of the policy that was asked; nil if nobody knows.
  public var policy: String?
  public var seed: UInt64?

  public init(source: String, policy: String? = nil, seed: UInt64? = nil) {
    self.source = source
    self.policy = policy
    self.seed = seed
  }
}
