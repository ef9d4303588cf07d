import StorageBase
import StorageIO

/// A stream that runs, exactly once: every row of the source is in the tables once, whatever
/// crashes between.
///
/// It has no threads: whoever runs it calls `step(writer:)`, for each writer from one thread at a
/// time, and `stepCoordinator()` likewise; `StreamThreads` does. Everything else is thread-safe.
///
/// Checkpoints are those of asynchronous barrier snapshots (Carbone et al., "Lightweight
/// Asynchronous Snapshots for Distributed Dataflows", 2015), with loads of two phases as the sink
/// of Apache Flink for Apache Doris has them.
public final class StreamRun: Sendable {
  /// How long somebody who waits for others sleeps, at most, if nobody wakes it.
  static let idleSeconds = 1.0
  /// Seconds after which a table that refuses loads is tried again.
  private static let refusedSeconds = 0.05

  private let clock: any TimeSource
  private let writers: [StreamWriter]
  private let coordinator: CheckpointCoordinator
  let monitor: Monitor<StreamState>

  /// Begins where the last run ended.
  ///
  /// - Parameters:
  ///   - stateDirectory: for checkpoints and side outputs; created when it is not there.
  ///   - assumesCommitted: whether loads of the last checkpoint that the tables have forgotten
  ///     count as committed.
  ///   - observer: hears of trouble and of rows that became visible.
  /// - Throws: `StorageError.damaged` when the last checkpoint cannot be read, or contradicts the
  ///   tables or the source; `StorageError.invalidArgument` when it is another pipeline's.
  public init(
    _ plan: StreamPlan, stateDirectory: String, files: any FileSystem, clock: any TimeSource,
    stopwatch: any Stopwatch = NoStopwatch(), assumesCommitted: Bool = false,
    observer: (any StreamObserver)? = nil
  ) throws {
    precondition(plan.writerCount >= 1 && plan.batchRowCount >= 1)
    let directory = try CheckpointDirectory(stateDirectory, files: files)
    let restored = try directory.newest()
    let now = clock.now()
    let last = restored ?? PipelineCheckpoint(number: 0, takenAt: now, pipeline: plan.digest)
    try Self.require(last, isOf: plan, stateDirectory)
    try plan.sink.recover(
      SinkRecovery(
        prefix: plan.labelPrefix, checkpoint: last.number, pending: last.pending,
        assumesCommitted: assumesCommitted))
    try SideOutputs.restore(last.sideOutputs, directory: stateDirectory, files: files)
    let operators = try plan.operators()
    try operators.restore(last.operators)
    let partitions = try plan.source.partitions()
    operators.expect(partitions: partitions)
    try Self.restoreSchema(last, plan, partitions)
    var state = StreamState(
      checkpoint: last.number, at: now, horizon: operators.horizon,
      status: StreamStatus(
        counts: last.counts, checkpoint: last.number, checkpointedAt: restored?.takenAt,
        intervalSeconds: plan.pacing.seconds, watermark: last.watermark))
    for name in partitions {
      state.assign(name, last.partitions[name] ?? .start, plan.writerCount)
    }
    let monitor = Monitor(state)
    self.monitor = monitor
    self.clock = clock
    coordinator = CheckpointCoordinator(
      plan, directory: directory, last: last, partitions: partitions, operators: operators,
      clock: clock, monitor: monitor, observer: observer)
    writers = try (0..<plan.writerCount).map { number in
      try StreamWriter(
        number: number, plan: plan, stages: plan.stages(number, operators.horizon),
        firstCheckpoint: last.number + 1,
        sideOutputs: SideOutputs(writer: number, directory: stateDirectory, files: files),
        clock: clock, stopwatch: stopwatch,
        onTrouble: { observer?.streamHasTrouble($0) },
        onVisible: { observer?.rowsBecameVisible($0, at: clock.now()) },
        onHeld: { monitor.change { $0.isCheckpointWanted = true } })
    }
  }

  private static func restoreSchema(
    _ checkpoint: PipelineCheckpoint, _ plan: StreamPlan, _ partitions: [String]
  ) throws {
    let state = checkpoint.operators[SchemaHistory.stateName]
    if let schema = plan.schema {
      return try schema.restore(
        state, before: checkpoint.partitions.keys.sorted(), partitions: partitions)
    }
    guard state != nil else { return }
    throw StorageError.invalidArgument(
      name: "schema_changes", value: "none",
      reason: "columns have changed since the stream began: say schema_changes: apply, or ignore "
        + "to keep them as they are now")
  }

  private static func require(
    _ checkpoint: PipelineCheckpoint, isOf plan: StreamPlan, _ path: String
  ) throws {
    guard checkpoint.pipeline != plan.digest else { return }
    throw StorageError.invalidArgument(
      name: "the state in", value: path,
      reason: """
        it is of another pipeline: its source or windows have changed since; restore the \
        pipeline as it was, or use another state directory and label prefix
        """)
  }

  public var writerCount: Int { writers.count }

  public var status: StreamStatus { monitor.withLock { $0.status } }

  /// What ended the stream, if something did.
  public var failure: (any Error)? { monitor.withLock { $0.failure } }

  /// Asks for a last checkpoint, after which the stream is finished. It can be run again, and goes
  /// on from there.
  public func requestStop() {
    monitor.change { $0.isStopping = true }
  }

  /// Lets a writer do a part of its work.
  public func step(writer number: Int) -> StepOutcome {
    do {
      return try step(writers[number], number)
    } catch {
      fail(error)
      return .ended
    }
  }

  /// Lets the coordinator do a part of its work.
  public func stepCoordinator() -> StepOutcome {
    do {
      return try coordinator.step()
    } catch {
      fail(error)
      return .ended
    }
  }

  /// Ends the stream as it is; what is in no checkpoint comes again in the next run.
  private func fail(_ error: any Error) {
    monitor.change { $0.failure = $0.failure ?? error }
  }

  private func step(_ writer: StreamWriter, _ number: Int) throws -> StepOutcome {
    let now = clock.now()
    let (assigned, state) = monitor.withLock { state in
      (state.assigned.removeValue(forKey: number) ?? [], state)
    }
    if state.isOver { return .ended }
    for (name, place) in assigned { writer.adopt(name, place) }
    for name in writer.askingPartitions {
      let answer = monitor.withLock { $0.answers.removeValue(forKey: name) }
      if let answer { try writer.hear(answer, of: name) }
    }
    do {
      if writer.checkpoint <= state.requested { return try endEpoch(of: writer, number) }
      let idleUntil = now.advanced(bySeconds: Self.idleSeconds)
      guard !state.isStopping, !isTooFarAhead(writer, state, now) else {
        return .waiting(until: idleUntil)
      }
      let outcome = try writer.step()
      guard outcome == .ended else { return outcome }
      noteExhausted(number)
      return .waiting(until: idleUntil)
    } catch let error as StorageError {
      guard case .tooManyVersions = error else { throw error }
      monitor.withLock { $0.noteRefusal(error) }
      return .waiting(until: now.advanced(bySeconds: Self.refusedSeconds))
    }
  }

  /// A writer has nothing to read any more.
  private func noteExhausted(_ number: Int) {
    let isNews = monitor.withLock { state in
      state.assigned[number] == nil && state.exhausted.insert(number).inserted
    }
    // Whoever says so each time it is woken wakes itself.
    if isNews { monitor.change { _ in } }
  }

  /// While a checkpoint takes longer than an interval nobody gathers more rows for the next: so a
  /// table that is slow, or refuses loads, stops the source.
  private func isTooFarAhead(
    _ writer: StreamWriter, _ state: StreamState, _ now: Timestamp
  ) -> Bool {
    writer.checkpoint > state.completed + 1
      && abs(now.seconds(since: state.requestedAt)) > state.status.intervalSeconds
  }

  private func endEpoch(of writer: StreamWriter, _ number: Int) throws -> StepOutcome {
    let report = try writer.endEpoch(horizon: monitor.withLock { $0.horizon })
    monitor.change { $0.reports[number] = report }
    return .worked
  }
}
