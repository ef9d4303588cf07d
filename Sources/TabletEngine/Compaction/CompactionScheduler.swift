import StorageBase
import StorageIO
import Synchronization
import TabletModel

/// Asks the policy about every tablet that has changed, and runs those of its picks that the
/// scheduling rules choose, on the threads it is given. Starts no threads of its own. Thread-safe.
///
/// What a load changes is looked at when the rules say so: at once, or with the next scan. `tick`
/// serves scans, and policies that wait for a time. The policy is asked by one thread at a time,
/// one of those that compactions run on.
public final class CompactionScheduler: StoreObserver {
  /// What is known of a tablet that the policy has to be asked about.
  struct Pending {
    var since: Timestamp
    /// After a failure, or because the policy said so.
    var pause: Pause?
    /// Counts the changes of the tablet, so that an answer to an older question is recognised.
    var change: UInt64
    /// Of kinds that are wanted and have not got their turn.
    var waitingSince: [CompactionKind: Timestamp] = [:]
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
    var pending: [TabletID: Pending] = [:]
    /// Loads so far, where the rules count them.
    var loadCounts: [TabletID: Int] = [:]
    /// Tablets with loads that wait for a scan, and until when.
    var unseen: Set<TabletID> = []
    var scan: Pause?
    /// Tablets that wanted nothing of the kinds that had a free slot, and may want others.
    var deferred: Set<TabletID> = []
    var running = RunningCompactions()
    /// Whether some thread is asking the policy or about to.
    var isChoosing = false
    /// The number of the rest of a thread that has found nothing to do and will look once more;
    /// nil when none rests.
    var rest: UInt64?
    var restCount: UInt64 = 0
    /// Counts what could change the answer of the rules.
    var wakeCount: UInt64 = 0
    var changeCount: UInt64 = 0
    /// Nil when the rules set no bandwidth.
    var gate: BandwidthGate?
    var random: SeededGenerator
  }

  let store: Store
  let policy: any CompactionPolicy
  let rules: SchedulingRules
  let executors: [any JobExecutor]
  let restSeconds: Double
  let machineLoad: @Sendable () -> Double
  private let cpuSeconds: @Sendable () -> Double
  private let onEvent: @Sendable (CompactionEvent) -> Void
  let onRefusal: @Sendable (String) -> Void
  let onDecision: @Sendable (TabletID, TabletFacts, CompactionDecision) -> Void
  let state: Mutex<State>
  let traffic: TrafficBoard
  /// What is done elsewhere; nil when the store is the only one.
  let replica: StoreReplica?
  private let isCancelled = Atomic<Bool>(false)

  /// - Parameters:
  ///   - executors: where the jobs of each pool of the rules run, in their order. Each needs a
  ///     thread for every slot of its pool.
  ///   - seed: where policies that need chance get it from.
  ///   - costs: what work costs on this machine, for policies that weigh it; nil if not known.
  ///   - restSeconds: how long a thread that has found nothing to do rests before it looks again
  ///     at what loads have changed meanwhile; those wake nobody. 0 for executors without threads
  ///     of their own; `threadRestSeconds` for the others.
  ///   - replica: the store as one of several with the same rows; it says which compactions are
  ///     left to others, and which of theirs are taken over.
  ///   - machineLoad: runnable threads per processor, for rules that throttle.
  ///   - cpuSeconds: CPU time used so far by the calling thread.
  ///   - onEvent: hears of every finished or failed job, on the thread that ran it.
  ///   - onRefusal: hears of picks that cannot be carried out: a mistake of the policy.
  ///   - onDecision: hears of every question to the policy, with its answer, on the thread that
  ///     asks.
  public init(
    store: Store, policy: any CompactionPolicy, rules: SchedulingRules,
    executors: [any JobExecutor], seed: UInt64 = 0, costs: WorkCosts? = nil,
    restSeconds: Double = 0, replica: StoreReplica? = nil,
    machineLoad: @escaping @Sendable () -> Double = { 0 },
    cpuSeconds: @escaping @Sendable () -> Double = { 0 },
    onEvent: @escaping @Sendable (CompactionEvent) -> Void = { _ in },
    onRefusal: @escaping @Sendable (String) -> Void = { _ in },
    onDecision: @escaping @Sendable (TabletID, TabletFacts, CompactionDecision) -> Void = {
      _, _, _ in
    }
  ) {
    precondition(executors.count == rules.pools.count, "each pool has its threads")
    self.store = store
    self.policy = policy
    self.rules = rules
    self.executors = executors
    self.restSeconds = restSeconds
    self.machineLoad = machineLoad
    self.cpuSeconds = cpuSeconds
    self.onEvent = onEvent
    self.onRefusal = onRefusal
    self.onDecision = onDecision
    self.replica = replica
    let options = store.options
    traffic = TrafficBoard(
      costs: costs, rules: rules,
      versionLimit: options.backPressure == .none ? nil : options.tabletVersionCountMax)
    let gate = rules.bandwidth.isFinite ? BandwidthGate(rules) : nil
    state = Mutex(State(gate: gate, random: SeededGenerator(seed: seed)))
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

  /// Scans when it is time to, and asks again about tablets whose time has come; call it about as
  /// often as the rules scan, and at least once a second.
  public func tick() {
    let now = store.clock.now()
    state.withLock { state in
      if let scan = state.scan, !scan.contains(now) { markUnseen(&state, now) }
    }
    wake()
  }

  /// Looks again at these tablets: other replicas have done something for them.
  public func reconsider(_ tablets: [TabletID]) {
    if !tablets.isEmpty { markPending(tablets) }
  }

  /// Tells policies that weigh reads against merges that a query has scanned these tablets.
  public func noteQuery(of tablets: [TabletID]) { traffic.noteQuery(of: tablets) }

  /// Jobs that are running or about to.
  public var runningCount: Int { state.withLock { $0.running.count } }

  /// Whether no job runs and none is wanted before something changes or time passes. Loads that
  /// wait for a scan are still to be looked at.
  public var isQuiescent: Bool {
    let now = store.clock.now()
    return state.withLock { state in
      !state.isChoosing && state.running.count == 0 && state.unseen.isEmpty
        && state.pending.values.allSatisfy { $0.isWaiting(now) }
    }
  }

  public func storeChanged(_ change: StoreChange) {
    switch change {
    case .loaded(let tablets): noteLoads(of: tablets)
    case .compacted(let tablet): markPending([tablet])
    case .swept, .due: break
    }
  }

  /// Tablets that have had enough loads are looked at now, the others with the next scan.
  private func noteLoads(of tablets: [TabletID]) {
    guard rules.publishTrigger != 1 else { return markPending(tablets, byLoad: true) }
    let now = store.clock.now()
    let triggered = state.withLock { state in
      let triggered = tablets.filter {
        state.loadCounts[$0, default: 0] += 1
        return rules.isTriggered(byLoad: state.loadCounts[$0, default: 0])
      }
      state.unseen.formUnion(tablets)
      state.unseen.subtract(triggered)
      if !state.unseen.isEmpty, state.scan == nil { state.scan = scanPause(after: now) }
      return triggered
    }
    if !triggered.isEmpty { markPending(triggered, byLoad: true) }
  }

  private func scanPause(after now: Timestamp) -> Pause? {
    rules.scanTime(after: Double(now.rawValue) / 1e6).map {
      Pause(since: now, until: Timestamp(rawValue: Int64($0 * 1e6) + 1), isBackOff: false)
    }
  }

  private func markPending(_ tablets: [TabletID], byLoad: Bool = false) {
    let now = store.clock.now()
    state.withLock { markPending(tablets, &$0, now) }
    wake(byLoad: byLoad)
  }

  private func markPending(
    _ tablets: some Sequence<TabletID>, _ state: inout State, _ now: Timestamp
  ) {
    state.changeCount += 1
    for tablet in tablets {
      var pending =
        state.pending[tablet] ?? Pending(since: now, pause: nil, change: state.changeCount)
      // A tablet that failed just now stays barred although it has changed.
      if pending.pause?.isBackOff == false { pending.pause = nil }
      pending.change = state.changeCount
      state.pending[tablet] = pending
    }
  }

  private func markUnseen(_ state: inout State, _ now: Timestamp) {
    markPending(state.unseen, &state, now)
    state.unseen = []
    state.scan = nil
  }

  func run(_ claim: Claim) {
    let isStopped = state.withLock { state in
      // It has come too late; nothing is lost, since nothing has been done.
      if state.isStopped { state.running.end(claim.request) }
      return state.isStopped
    }
    if isStopped { return }
    let job = claim.job
    let startedAt = store.clock.now()
    let startCPU = cpuSeconds()
    let pace = enterGate(claim)
    let result = Result {
      try job.run {
        if let pace { waitForBandwidth(pace) { isCancelled.load(ordering: .relaxed) } }
        return isCancelled.load(ordering: .relaxed)
      }
    }
    leaveGate(pace)
    replica?.ended(job, result)
    let now = store.clock.now()
    state.withLock { state in
      state.running.end(claim.request)
      state.wakeCount += 1
      var pause: Pause?
      if case .failure(let error) = result, !(error is FetchRefusal) {
        let end = now.advanced(bySeconds: rules.backOffSeconds)
        pause = Pause(since: now, until: end, isBackOff: true)
      }
      markUnseen(&state, now)
      markPending(state.deferred, &state, now)
      state.deferred = []
      let tablet = job.snapshot.id
      state.changeCount += 1
      state.pending[tablet] = Pending(
        since: now, pause: pause, change: state.changeCount,
        waitingSince: state.pending[tablet]?.waitingSince ?? [:])
    }
    onEvent(
      CompactionEvent(
        claim, result, startedAt: startedAt, finishedAt: now,
        cpuSeconds: cpuSeconds() - startCPU))
    wake()
  }
}

extension CompactionScheduler {
  /// Blocks the calling thread until everything wanted now has run, asking `pause` to let time
  /// pass between looks.
  public func waitUntilQuiescent(pause: () -> Void, giveUp: () -> Bool) {
    while !isQuiescent && !giveUp() {
      pause()
      if rules.scanSeconds != nil { tick() }
    }
  }
}

extension CompactionScheduler.Pending {
  func isWaiting(_ now: Timestamp) -> Bool { pause?.contains(now) ?? false }
}
