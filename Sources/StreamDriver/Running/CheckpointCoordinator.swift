import StorageBase
import StorageIO

/// Decides when checkpoints are taken, and takes them. It is one thread's at a time.
final class CheckpointCoordinator: @unchecked Sendable {
  /// Seconds after which a table that refuses loads is tried again.
  private static let refusedSeconds = 0.05
  /// New partitions are looked for this often.
  private static let discoverySeconds = 1.0

  private let plan: StreamPlan
  private let directory: CheckpointDirectory
  private let operators: any StreamOperators
  private let clock: any TimeSource
  private let monitor: Monitor<StreamState>
  private let observer: (any StreamObserver)?
  private var last: PipelineCheckpoint
  private var pacing: CheckpointPacing
  private var nextAt: Timestamp
  private var requestedAt: Timestamp
  private var discoveredAt: Timestamp
  private var round: CheckpointRound?
  /// Whether the stream was to stop when the checkpoint at hand was asked for.
  private var isLastRound = false
  private var known: Set<String>

  /// - Parameters:
  ///   - last: where the stream goes on.
  ///   - partitions: that writers have been given.
  init(
    _ plan: StreamPlan, directory: CheckpointDirectory, last: PipelineCheckpoint,
    partitions: [String], operators: any StreamOperators, clock: any TimeSource,
    monitor: Monitor<StreamState>, observer: (any StreamObserver)?
  ) {
    self.plan = plan
    self.directory = directory
    self.last = last
    self.operators = operators
    self.clock = clock
    self.monitor = monitor
    self.observer = observer
    known = Set(partitions)
    pacing = plan.pacing
    discoveredAt = clock.now()
    requestedAt = discoveredAt
    nextAt = clock.now().advanced(bySeconds: plan.pacing.seconds)
  }

  func step() throws -> StepOutcome {
    if let round { return try complete(round) }
    let now = clock.now()
    let (state, reports) = monitor.withLock { state in
      let reports = state.reports.count == plan.writerCount ? state.reports : [:]
      if !reports.isEmpty { state.reports = [:] }
      return (state, reports)
    }
    if state.isOver { return .ended }
    if !reports.isEmpty {
      let ordered = reports.sorted { $0.key < $1.key }.map(\.value)
      round = try CheckpointRound(
        ordered, after: last, operators: operators, plan: plan, directory: directory, at: now)
      return .worked
    }
    guard state.requested == state.completed else {
      return .waiting(until: now.advanced(bySeconds: StreamRun.idleSeconds))
    }
    try discoverPartitions(now)
    return request(state, now)
  }

  /// Asks the writers to end their rows for the next checkpoint, when it is time.
  private func request(_ state: StreamState, _ now: Timestamp) -> StepOutcome {
    let isEnd = state.isStopping || state.exhausted.count == plan.writerCount
    // A clock that was set back must not stop the stream.
    let isDue =
      state.isCheckpointWanted || now >= nextAt
      || nextAt.seconds(since: now) > pacing.longestSeconds
    guard isEnd || isDue else { return .waiting(until: nextAt) }
    nextAt = now.advanced(bySeconds: pacing.secondsToNext)
    isLastRound = state.isStopping
    requestedAt = now
    monitor.change {
      $0.requested += 1
      $0.requestedAt = now
      $0.isCheckpointWanted = false
    }
    return .worked
  }

  private func complete(_ round: CheckpointRound) throws -> StepOutcome {
    if let refusal = try round.proceed() {
      monitor.withLock { $0.noteRefusal(refusal) }
      return .waiting(until: clock.now().advanced(bySeconds: Self.refusedSeconds))
    }
    self.round = nil
    last = round.checkpoint
    let now = clock.now()
    observer?.rowsBecameVisible(round.arrivals, at: now)
    for text in round.alterations { observer?.schemaChanged(text) }
    let fill = plan.sink.versionFill()
    let isFinished = round.isExhausted || isLastRound
    if isFinished {
      // Nobody has to remember the labels of loads that are committed.
      last.pending = []
      try directory.write(last)
    }
    try directory.removeOld()
    pacing.completed(inSeconds: now.seconds(since: requestedAt))
    tell(of: pacing.adapt(versionFill: fill), fill)
    monitor.change { state in
      state.completed = last.number
      state.horizon = round.horizon
      state.answers.merge(round.answers) { _, new in new }
      state.status.schemaChangeCount += round.alterations.count
      state.status.counts = last.counts
      state.status.checkpoint = last.number
      state.status.checkpointSeconds = now.seconds(since: state.requestedAt)
      state.status.checkpointedAt = now
      state.status.intervalSeconds = pacing.seconds
      state.status.watermark = last.watermark
      state.status.versionFill = fill
      state.status.work += round.work
      state.status.steps = round.steps
      state.status.isFinished = isFinished
      state.status.refusal = nil
      state.status.isExhausted = round.isExhausted
    }
    return .worked
  }

  private func tell(of isChange: Bool, _ fill: Double) {
    guard isChange else { return }
    let percent = Int((fill * 100).rounded())
    let verb = fill >= CheckpointPacing.highFill ? "lengthened" : "shortened"
    observer?.streamHasTrouble(
      "versions are at \(percent) % of the limit: the checkpoint interval is \(verb) to "
        + "\((pacing.seconds * 1000).rounded() / 1000) s")
  }

  /// Looks for partitions that have come, and gives them to writers.
  private func discoverPartitions(_ now: Timestamp) throws {
    guard abs(now.seconds(since: discoveredAt)) >= Self.discoverySeconds else { return }
    discoveredAt = now
    let found: [String]
    do {
      found = try plan.source.partitions().filter { !known.contains($0) }
    } catch let error as StorageError {
      guard case .io = error else { throw error }
      observer?.streamHasTrouble("\(error)")
      return
    }
    guard !found.isEmpty else { return }
    operators.expect(partitions: found)
    plan.schema?.expect(found)
    monitor.change { state in
      for name in found {
        state.assign(name, last.partitions[name] ?? .start, plan.writerCount)
      }
    }
    known.formUnion(found)
  }
}
