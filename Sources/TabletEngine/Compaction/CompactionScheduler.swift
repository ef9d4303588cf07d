import StorageBase
import StorageIO
import Synchronization
import TabletModel

/// Asks the policy about every tablet that has changed and runs what it picks, most urgent first,
/// on the lanes it is given. Starts no threads of its own. Thread-safe.
///
/// Every change of a tablet wakes the lanes (as the publish-triggered compaction of Apache Doris
/// does), so nothing is polled; `tick` serves policies that wait for a time.
public final class CompactionScheduler: StoreObserver {
  /// What a lane knows of a tablet that the policy has to be asked about.
  struct Pending {
    var since: Timestamp
    /// After a failure, or because the policy said so.
    var pause: Pause?
    /// Counts the changes of the tablet, so that an answer to an older question is recognised.
    var change: UInt64
  }

  /// A time in which a tablet is left alone.
  struct Pause {
    let since: Timestamp
    let until: Timestamp
    /// After a failure a tablet is left alone whatever happens to it. A pause that the policy has
    /// asked for ends with the next change, which may be what it was waiting for.
    let isBackOff: Bool

    /// A clock that has been set back to before its beginning ends it, since nobody knows how long
    /// it would take otherwise.
    func contains(_ now: Timestamp) -> Bool { since <= now && now < until }
  }

  struct State {
    var isStopped = false
    /// By lane.
    var pending: [[TabletID: Pending]]
    /// By lane: workers submitted and not finished.
    var running: [Int]
    var inFlight: [TabletID: [CompactionPick]] = [:]
    var changeCount: UInt64 = 0
    var random: SeededGenerator
  }

  let store: Store
  let policy: any CompactionPolicy
  let lanes: [CompactionLane]
  private let cpuSeconds: @Sendable () -> Double
  private let onEvent: @Sendable (CompactionEvent) -> Void
  let onRefusal: @Sendable (String) -> Void
  let state: Mutex<State>
  let traffic: TrafficBoard
  private let isCancelled = Atomic<Bool>(false)
  /// Seconds a tablet is left alone after a compaction of it failed.
  private static let backOffSeconds = 1.0

  /// - Parameters:
  ///   - seed: where policies that need chance get it from.
  ///   - costs: what work costs on this machine, for policies that weigh it; nil if not known.
  ///   - cpuSeconds: CPU time used so far by the calling thread.
  ///   - onEvent: hears of every finished or failed job, on the thread that ran it.
  ///   - onRefusal: hears of picks that cannot be carried out: a mistake of the policy.
  public init(
    store: Store, policy: any CompactionPolicy, lanes: [CompactionLane], seed: UInt64 = 0,
    costs: WorkCosts? = nil,
    cpuSeconds: @escaping @Sendable () -> Double = { 0 },
    onEvent: @escaping @Sendable (CompactionEvent) -> Void = { _ in },
    onRefusal: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.store = store
    self.policy = policy
    self.lanes = lanes
    self.cpuSeconds = cpuSeconds
    self.onEvent = onEvent
    self.onRefusal = onRefusal
    traffic = TrafficBoard(costs: costs)
    state = Mutex(
      State(
        pending: lanes.map { _ in [:] }, running: lanes.map { _ in 0 },
        random: SeededGenerator(seed: seed)))
  }

  /// Begins to listen to the store and looks at every tablet once.
  public func start() {
    store.addObserver(self)
    markPending(store.snapshot().flatMap(\.tablets).map(\.id))
  }

  /// Starts no more jobs. Those that run end soon, without effect, when `cancelRunning` is true.
  public func stop(cancelRunning: Bool) {
    state.withLock { $0.isStopped = true }
    store.removeObserver(self)
    if cancelRunning { isCancelled.store(true, ordering: .relaxed) }
  }

  /// Asks again about tablets whose time has come; call it about once a second.
  public func tick() { wakeLanes() }

  /// Tells policies that weigh reads against merges that a query has scanned these tablets.
  public func noteQuery(of tablets: [TabletID]) { traffic.noteQuery(of: tablets) }

  /// Jobs that are running or about to.
  public var runningCount: Int { state.withLock { $0.running.reduce(0, +) } }

  /// Whether no job runs and none is wanted before something changes or time passes.
  public var isQuiescent: Bool {
    let now = store.clock.now()
    return state.withLock { state in
      state.running.allSatisfy { $0 == 0 }
        && state.pending.allSatisfy { lane in lane.values.allSatisfy { $0.isWaiting(now) } }
    }
  }

  public func storeChanged(_ change: StoreChange) {
    switch change {
    case .loaded(let tablets): markPending(tablets)
    case .compacted(let tablet): markPending([tablet])
    case .swept, .due: break
    }
  }

  private func markPending(_ tablets: [TabletID]) {
    let now = store.clock.now()
    state.withLock { state in
      state.changeCount += 1
      for lane in lanes.indices {
        for tablet in tablets {
          // A tablet that failed just now stays barred although it has changed.
          let known = state.pending[lane][tablet]
          let pause = known?.pause.flatMap { $0.isBackOff ? $0 : nil }
          state.pending[lane][tablet] = Pending(
            since: known?.since ?? now, pause: pause, change: state.changeCount)
        }
      }
    }
    wakeLanes()
  }

  /// Submits a worker to every lane that has a free slot and something to look at.
  private func wakeLanes() {
    let now = store.clock.now()
    let wanted = state.withLock { state -> [Int] in
      guard !state.isStopped else { return [] }
      return lanes.indices.filter { lane in
        let hasWork = state.pending[lane].values.contains { !$0.isWaiting(now) }
        guard hasWork, state.running[lane] < lanes[lane].slotCount else { return false }
        state.running[lane] += 1
        return true
      }
    }
    for lane in wanted { lanes[lane].executor.submit { self.work(lane) } }
  }

  /// Runs jobs of a lane until there is none left.
  private func work(_ lane: Int) {
    while let next = claim(lane) { run(next, lane: lane) }
  }

  private func run(_ claim: Claim, lane: Int) {
    let job = claim.job
    let startedAt = store.clock.now()
    let startCPU = cpuSeconds()
    let result = Result {
      try job.run { isCancelled.load(ordering: .relaxed) }
    }
    let now = store.clock.now()
    state.withLock { state in
      state.inFlight[job.snapshot.id]?.removeAll { $0 == job.pick }
      var pause: Pause?
      if case .failure = result {
        pause = Pause(
          since: now, until: now.advanced(bySeconds: Self.backOffSeconds), isBackOff: true)
      }
      state.changeCount += 1
      for other in lanes.indices {
        state.pending[other][job.snapshot.id] = Pending(
          since: now, pause: pause, change: state.changeCount)
      }
    }
    onEvent(
      event(
        claim, result, startedAt: startedAt, finishedAt: now,
        cpuSeconds: cpuSeconds() - startCPU))
    wakeLanes()
  }

  private func event(
    _ claim: Claim, _ result: Result<CompactionJob.Outcome, any Error>, startedAt: Timestamp,
    finishedAt: Timestamp, cpuSeconds: Double
  ) -> CompactionEvent {
    let job = claim.job
    let inputs = job.facts.rowsets.filter { job.pick.versions.contains($0.versions) }
    var outcome: CompactionJob.Outcome?
    var failure: String?
    switch result {
    case .success(let value): outcome = value
    case .failure(let error): failure = "\(error)"
    }
    return CompactionEvent(
      tablet: job.snapshot.id, kind: job.pick.kind, versions: job.pick.versions,
      inputCount: inputs.count, inputByteCount: inputs.reduce(0) { $0 + $1.byteCount },
      inputRowCount: inputs.reduce(0) { $0 + $1.rowCount }, output: outcome?.output,
      reason: claim.reason, queuedAt: claim.queuedAt, startedAt: startedAt,
      finishedAt: finishedAt, cpuSeconds: cpuSeconds,
      readByteCount: outcome?.work.bytesStored ?? 0, error: failure)
  }
}

extension CompactionScheduler {
  /// Blocks the calling thread until everything wanted now has run, asking `pause` to let time
  /// pass between looks.
  public func waitUntilQuiescent(pause: () -> Void, giveUp: () -> Bool) {
    while !isQuiescent && !giveUp() { pause() }
  }
}

extension CompactionScheduler.Pending {
  func isWaiting(_ now: Timestamp) -> Bool { pause?.contains(now) ?? false }
}
