import StorageBase
import StreamTransforms

/// One checkpoint from the moment all writers have handed over what they did until its loads are
/// visible. It is one thread's at a time.
///
/// The order is what makes a stream exact: gathered state is merged, results of windows are written
/// and pre-committed, the checkpoint is written, and then all loads are committed. A crash before
/// it is on disk leaves loads that the next run aborts by their labels; one after it leaves loads
/// that it commits again.
final class CheckpointRound {
  private enum Phase {
    case precommitting(any SinkLoad)
    case deciding
    case committing(first: Int)
    case altering
    case done
  }

  private let sink: any StreamSink
  private let directory: CheckpointDirectory
  private let reports: [EpochReport]
  private let schema: SchemaKeeper?
  private var phase = Phase.deciding
  /// What will be, and after the decision is, the newest checkpoint.
  private(set) var checkpoint: PipelineCheckpoint
  /// What becomes of the changes that partitions wait at.
  private(set) var answers: [String: SchemaAnswer] = [:]
  /// What was changed in tables, in words.
  private(set) var alterations: [String] = []
  /// How far event time came.
  private(set) var horizon = EventTimeHorizon()

  /// - Parameters:
  ///   - reports: of every writer, for the checkpoint after `last`.
  ///   - last: the one before.
  init(
    _ reports: [EpochReport], after last: PipelineCheckpoint, operators: any StreamOperators,
    plan: StreamPlan, directory: CheckpointDirectory, at now: Timestamp
  ) throws {
    precondition(reports.allSatisfy { $0.checkpoint == last.number + 1 })
    self.reports = reports
    self.directory = directory
    sink = plan.sink
    schema = plan.schema
    checkpoint = last
    checkpoint.number += 1
    checkpoint.takenAt = now
    checkpoint.pending = reports.flatMap(\.loads)
    for report in reports {
      checkpoint.counts += report.counts
      checkpoint.partitions.merge(report.partitions) { _, new in new }
      checkpoint.sideOutputs.merge(report.sideOutputs) { _, new in new }
    }
    try operators.merge(reports.flatMap(\.gathered))
    let silent = reports.reduce(into: Set<String>()) { $0.formUnion($1.silentPartitions) }
    let results = try operators.advance(without: silent, isEnd: isExhausted)
    horizon = operators.horizon
    checkpoint.watermark = horizon.least ?? .beforeEverything
    checkpoint.operators = operators.state()
    try decide()
    try write(results.filter { $0.rows.rowCount > 0 }, prefix: plan.labelPrefix)
  }

  var isExhausted: Bool { reports.allSatisfy(\.isExhausted) }
  var arrivals: [RowArrival] { reports.flatMap(\.arrivals) }

  /// Of all writers together, since the beginning of the run.
  var steps: [StepCounters] {
    var sums = reports[0].steps
    for report in reports.dropFirst() {
      for (place, counters) in report.steps.enumerated() { sums[place].add(counters) }
    }
    return sums
  }

  var work: StageWork { reports.reduce(into: StageWork()) { $0 += $1.work } }

  /// Decides about changes of columns. Partitions go on behind those that are accepted.
  private func decide() throws {
    guard let schema else { return }
    let asked = reports.reduce(into: [:]) { $0.merge($1.asked) { _, new in new } }
    for (partition, change) in asked.sorted(by: { $0.key < $1.key }) {
      let answer = try schema.decide(change.event, of: partition)
      if case .accepted = answer { checkpoint.partitions[partition] = change.next }
      answers[partition] = answer
    }
    checkpoint.operators[SchemaHistory.stateName] = schema.encoded()
  }

  private func write(_ results: [TableWrite], prefix: String) throws {
    guard !results.isEmpty else { return }
    let load = try sink.begin(
      LoadLabel(prefix: prefix, writer: LoadLabel.windows, checkpoint: checkpoint.number))
    for result in results {
      try load.append(result)
      checkpoint.counts.writtenRows += UInt64(result.rows.rowCount)
    }
    phase = .precommitting(load)
  }

  /// Does the rest.
  /// - Returns: nil when it is done; why tables refuse loads for now, and it should be called again
  ///   later, otherwise.
  func proceed() throws -> StorageError? {
    do {
      while try advance() {}
      return nil
    } catch let error as StorageError {
      guard case .tooManyVersions = error else { throw error }
      return error
    }
  }

  /// The next step; false when there is none.
  private func advance() throws -> Bool {
    switch phase {
    case .precommitting(let load):
      checkpoint.pending += try load.precommit()
      phase = .deciding
    case .deciding:
      // From here on its loads will be visible, come what may.
      try directory.write(checkpoint)
      phase = .committing(first: 0)
    case .committing(let first):
      guard first < checkpoint.pending.count else {
        phase = .altering
        return true
      }
      try sink.commit(checkpoint.pending[first])
      phase = .committing(first: first + 1)
    case .altering:
      alterations = try schema?.applyDecided() ?? []
      phase = .done
    case .done: return false
    }
    return true
  }
}
