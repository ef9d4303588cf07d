import SegmentFormat
import StorageBase
import StorageIO
import TabletModel

/// Compactions that somebody has asked for by name, one after the other on the calling thread.
///
/// Each is whole or not at all: what has ended when the run is cancelled or fails stays, and the
/// tablet of the one that has not is as it was. Loads and queries may go on meanwhile; no
/// `CompactionScheduler` may work on the store.
public struct CompactionRun {
  /// What is merged.
  public enum Goal: Hashable, Sendable {
    /// All rowsets of the kind into one, whether a policy wants it or not: those before the
    /// cumulative point, those from it on, or all.
    case everything(CompactionKind)
    /// What the policy wants, until it wants nothing of these kinds.
    case wanted(Set<CompactionKind>)
  }

  /// How far a run has come.
  public struct Progress: Hashable, Sendable {
    public var tabletsDone = 0
    public var tabletsTotal = 0
    /// Jobs that have ended.
    public var jobsDone = 0
    /// Of the inputs of jobs, the running one by its pages.
    public var bytesMerged = 0
    public var bytesWritten = 0
    public var rowsetsReplaced = 0

    public init() {}
  }

  private let store: Store
  private let policy: any CompactionPolicy
  private let goal: Goal
  private let isCancelled: () -> Bool
  private let onProgress: (Progress) -> Void
  private var progress = Progress()

  /// - Parameters:
  ///   - policy: moves the cumulative point, and says what it wants if the goal is that.
  ///   - isCancelled: asked once per page.
  ///   - onProgress: hears of every page.
  public init(
    store: Store, policy: any CompactionPolicy, goal: Goal,
    isCancelled: @escaping () -> Bool = { false },
    onProgress: @escaping (Progress) -> Void = { _ in }
  ) {
    self.store = store
    self.policy = policy
    self.goal = goal
    self.isCancelled = isCancelled
    self.onProgress = onProgress
  }

  /// Compacts these tablets.
  /// - Throws: `StorageError`, `PickRefusal` for a policy that is wrong, `CancellationError`.
  public mutating func run(_ tablets: [TabletID]) throws -> Progress {
    progress.tabletsTotal = tablets.count
    for tablet in tablets {
      while let job = try nextJob(tablet) {
        try run(job)
        if case .everything = goal { break }
      }
      progress.tabletsDone += 1
      onProgress(progress)
    }
    return progress
  }

  private mutating func run(_ job: CompactionJob) throws {
    let inputs = job.facts.rowsets.filter { job.pick.versions.contains($0.versions) }
    let before = progress
    let pageCount = max(1, job.pageCount)
    var pagesDone = 0
    let outcome = try job.run {
      pagesDone += 1
      var now = before
      now.bytesMerged += inputs.totalByteCount * min(pagesDone, pageCount) / pageCount
      onProgress(now)
      return isCancelled()
    }
    progress.jobsDone += 1
    progress.bytesMerged += inputs.totalByteCount
    progress.bytesWritten += outcome.output.byteCount - outcome.linkedByteCount
    progress.rowsetsReplaced += inputs.count
    onProgress(progress)
  }

  /// What is to be done with a tablet; nil for nothing more.
  private func nextJob(_ tablet: TabletID) throws -> CompactionJob? {
    if isCancelled() { throw CancellationError() }
    // The tablet first: the schema must not be older than one of its rowsets.
    guard let snapshot = store.tablet(tablet), let table = store.table(of: tablet) else {
      return nil
    }
    let facts = snapshot.state.facts(
      now: store.clock.now(), allowedKinds: kinds, inFlight: [],
      keysModel: table.definition.schema.keysModel, entropy: 0)
    guard let pick = pick(facts) else { return nil }
    _ = try pick.validated(against: facts)
    return CompactionJob(
      store: store, policy: policy, snapshot: snapshot, facts: facts, pick: pick,
      definition: table.definition)
  }

  private var kinds: Set<CompactionKind> {
    switch goal {
    case .everything(let kind): [kind]
    case .wanted(let kinds): kinds
    }
  }

  private func pick(_ facts: TabletFacts) -> CompactionPick? {
    switch goal {
    case .wanted:
      guard case .compact(let picks, _) = policy.decide(facts) else { return nil }
      return picks.first
    case .everything(let kind):
      let inputs =
        switch kind {
        case .cumulative: facts.cumulativeRowsets
        case .base: facts.baseRowsets
        case .full: facts.rowsets
        }
      // The empty rowset a tablet is born with and one more are as good as one.
      let others = inputs.first?.versions == .initial && inputs.first?.isEmpty == true ? 1 : 0
      guard inputs.dropFirst(others).isWorthMerging else { return nil }
      return .merging(inputs, kind: kind)
    }
  }
}
