import BenchKit
import CompactionPolicies
import PolicyLab
import StorageBase
import StorageIO
import Studies

/// A point of a sweep on real files: the loads that the simulator has, at the same times, each with
/// as many generated rows as come to its bytes.
struct EnginePoint {
  let point: SweepPoint
  /// Where the tables lie while the run goes on; nil for the temporary directory.
  var directory: String?

  /// - Returns: nil after an interrupt.
  /// - Throws: `StorageError`; `EngineRunFault` when an operation failed or rows were lost.
  func run(interrupt: InterruptFlag, gitRevision: String?) throws -> SweepRow? {
    let policy = try PolicyCatalogue.shipped.policy(point.policy)
    let model = try point.timedModel()
    let (rows, workload) = try self.workload(of: model)
    var settings = StoreReplay.Settings(
      scheduler: try ConfiguredScheduler(spec: point.scheduler), writers: point.writerCount,
      versionLimit: point.versionLimit, backPressure: model.backPressure, seed: point.seed,
      speed: 1, bytesPerRow: 1)
    // What is configured as a cost of the model is a limit of the machine as well.
    settings.bandwidth = model.costs.bandwidth
    settings.rows = rows
    settings.isClosed = model.arrivals == .closed
    settings.queries = model.queries
    settings.costs = point.costs.isEmpty ? nil : model.costs.work
    let data = try DataDirectory(
      directory.map { "\($0)/\(point.runID)" }, runID: point.runID)
    defer { DataDirectory.remove(data.path) }
    let memory = TraceMemory(origin: TraceOrigin(source: "engine", policy: policy.spec))
    let replay = try StoreReplay(
      workload, under: policy, settings: settings, path: data.path, trace: memory)
    try replay.run(interrupt: interrupt)
    if interrupt.isSet { return nil }
    let report = try StoreReplayReport(replay, policy, settings, loadCount: point.loadCount)
    guard report.isSound else { throw EngineRunFault(report: report.text) }
    let figures = try TracedFigures(of: memory.trace)
    var summary = report.summary
    summary.gitRevision = gitRevision
    summary.scheduler = settings.scheduler.fullSpec
    summary.spaceAmplification = try replay.spaceAmplification()
    fill(&summary, figures, policy)
    return row(summary, figures)
  }

  /// How long loads arrive, in seconds; what a closed system takes nobody knows before.
  static func arrivalSeconds(of point: SweepPoint) throws -> Double {
    let loads = TracedWorkload(of: try point.timedModel(), loadCount: point.loadCount) { _ in 1 }
    return loads.loads.last?.seconds ?? 0
  }

  private func workload(of model: TimedModel) throws -> (ReplayRows, TracedWorkload) {
    let bytes = TracedWorkload(of: model, loadCount: point.loadCount) { _ in 1 }
    let most = bytes.loads.map(\.rowset.byteCount).max() ?? 1
    let kind = point.keys == "unique" ? ReplayRows.states(keyCount: nil) : .events
    guard let sizes = try kind.sizes(seed: point.seed, upTo: most) else { return (kind, bytes) }
    let workload = TracedWorkload(of: model, loadCount: point.loadCount) {
      sizes.rowCount(ofBytes: $0)
    }
    guard point.overlapMebibytes > 0 else { return (kind, workload) }
    return (.states(keyCount: sizes.rowCount(ofBytes: point.overlapMebibytes << 20)), workload)
  }

  /// Figures of the time until the last load, as in virtual time.
  private func fill(
    _ row: inout SummaryRow, _ figures: TracedFigures, _ policy: ConfiguredPolicy
  ) {
    row.bytesFlushed = figures.loadedByteCount
    row.bytesCompactedRead = figures.mergeReadByteCount
    row.bytesCompactedWritten = figures.mergeWrittenByteCount
    row.writeAmplification = figures.writeAmplification
    row.componentsMean = figures.componentMean
    row.componentsMax = figures.componentMax
    let components = figures.tablets.reduce(0) { $0 + $1.rowsets.count { !$0.isEmpty } }
    row.componentsFinal = Double(components) / Double(max(1, figures.tablets.count))
    row.debtBytesFinal = figures.debtByteCount(under: policy.policy)
    row.compactions = figures.mergeCount
    row.compactionCPUSeconds = figures.mergeProcessorSeconds
    row.merges = figures.mergeCount
    row.mergeBytes = figures.mergeWrittenByteCount
    row.totalBytes = figures.loadedByteCount + figures.mergeWrittenByteCount
  }

  private func row(_ summary: SummaryRow, _ figures: TracedFigures) -> SweepRow {
    var row = SweepRow(point, summary: summary)
    row.peakBytes = figures.peakByteCount
    row.settledWriteAmplification = figures.settledWriteAmplification
    row.quiesceSeconds = figures.quiesceSeconds
    row.versionsMax = figures.versionMax
    row.costSeconds = figures.mergeProcessorSeconds + (summary.queryCPUSeconds ?? 0)
    return row
  }
}

/// A run on real files in which something failed.
struct EngineRunFault: Error, CustomStringConvertible {
  let report: String

  var description: String { "the run is not sound:\n\(report)" }
}
