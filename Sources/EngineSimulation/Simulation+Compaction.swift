import CompactionPolicies
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

// Work in the background.
extension Simulation {
  /// The policies a run may have: all that are shipped, and some so tuned that they act on few
  /// rowsets.
  static let policies =
    ["full:k=1", "full:k=3", "num-based:min_deltas=2", "gradient:min_deltas=3"]
    + PolicyCatalogue.shipped.entries.map(\.name)

  /// The schedulers that work in a simulation, each time another one.
  static let schedulers = [
    "fair:cumulative=2", "single", "doris", "doris-1.0", "greedy:cumulative=3,base=2",
    "doris:permits=4,rounds=1,slots=2", "greedy:bandwidth_mib_s=0.1",
  ]

  /// Sweeps or writes a checkpoint.
  func maintain(_ name: String, _ body: (Store) throws -> Void) throws {
    guard let store = world.store else { return }
    do {
      try body(store)
      trace.note(name)
    } catch {
      try excuse(error, name)
    }
  }

  /// Makes a checkpoint, with other steps in between, unless one is being made. Those that the
  /// store makes by itself are not overtaken: what they are a part of has not been told yet.
  func checkpoint() throws {
    guard !isCheckpointing else { return }
    let countBefore = interruptionCount
    world.files.onCheckpoint {
      if !self.isCheckpointing {
        // It is written when the log has gone on in another file, and all before is on disk.
        self.oracle.wrote(isSynced: true)
        self.isCheckpointing = true
      }
      self.interrupt(oneIn: 2)
    }
    defer {
      world.files.onCheckpoint(nil)
      if isCheckpointing, interruptionCount > countBefore { trace.note("checkpoint overtaken") }
      isCheckpointing = false
    }
    try maintain("checkpoint") { try $0.checkpoint() }
  }

  /// Runs the scheduler until it wants nothing more, with other steps in between; sometimes it is
  /// stopped in the middle.
  func compact() throws {
    guard let store = world.store else { return }
    let order = random.next()
    let executor = SimulatedExecutor(seed: order)
    let place = Int(order % UInt64(Self.schedulers.count))
    let rules = try ConfiguredScheduler(spec: Self.schedulers[place]).rules
    let scheduler = CompactionScheduler(
      store: store, policy: OvertakenPolicy(policy) { self.interrupt(oneIn: 6) }, rules: rules,
      executors: rules.pools.map { _ in executor }, seed: random.next(),
      onEvent: { self.finished($0) },
      onRefusal: { self.innerFailure = SimulationFailure("a pick was refused: \($0)") })
    scheduler.start()
    let cancelling = random.next() % 6 == 0
    isCancelling = false
    if cancelling {
      world.files.onYield {
        if self.random.next() % 5 == 0 {
          self.isCancelling = true
          scheduler.stop(cancelRunning: true)
        }
      }
    }
    while executor.runNext() { interrupt(oneIn: 4) }
    scheduler.stop(cancelRunning: false)
    if cancelling { world.files.onYield { self.interrupt(oneIn: 12) } }
    if let innerFailure { throw innerFailure }
  }

  private func finished(_ event: CompactionEvent) {
    guard let error = event.error else {
      trace.note("compacted", "\(event.tablet) \(event.versions)")
      if event.linkedByteCount > 0 { trace.note("linked") }
      return
    }
    guard !world.isHealthy || isCancelling else {
      innerFailure = SimulationFailure("a compaction failed although nothing was wrong: \(error)")
      return
    }
    trace.note(isCancelling ? "compaction cancelled" : "compaction failed")
  }
}

/// A policy that other steps overtake: between its question and the start of the job, and between
/// the end of the merge and its commit.
private struct OvertakenPolicy: CompactionPolicy {
  private let base: any CompactionPolicy
  private let onYield: @Sendable () -> Void

  init(_ base: any CompactionPolicy, onYield: @escaping @Sendable () -> Void) {
    self.base = base
    self.onYield = onYield
  }

  var designPoint: DesignPoint { base.designPoint }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    onYield()
    return base.decide(facts)
  }

  func initialCumulativePoint(_ facts: TabletFacts) -> Version {
    base.initialCumulativePoint(facts)
  }

  func cumulativePoint(
    after pick: CompactionPick, output: RowsetSummary, in facts: TabletFacts
  ) -> Version {
    onYield()
    return base.cumulativePoint(after: pick, output: output, in: facts)
  }
}
