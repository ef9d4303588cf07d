import BenchKit
import CompactionPolicies
import PolicyLab

/// What `simulate timed` answers.
public struct TimedReport {
  private let model: TimedModel
  public let run: TimedRun
  private let policy: ConfiguredPolicy

  public init(model: TimedModel, run: TimedRun, policy: ConfiguredPolicy) {
    self.model = model
    self.run = run
    self.policy = policy
  }

  private func querySeconds(_ share: Double) -> Double {
    model.costs.querySeconds(componentCount: Int(run.components.quantile(share).rounded()))
  }

  private var hasQueries: Bool { run.queryCount > 0 }

  public var summary: SummaryRow {
    var row = SummaryRow(
      runID: "timed-\(policy.name)-\(run.loadCount)", policy: policy.name,
      policyParameters: policy.parameterList, workload: "timed", mode: "simulated",
      seed: model.seed)
    row.durationSeconds = run.seconds
    row.writers = model.writerCount
    row.tablets = model.tabletCount
    row.bytesIngested = run.loadedByteCount
    row.commits = run.loadCount
    row.commitsPerSecond = run.seconds > 0 ? Double(run.loadCount) / run.seconds : nil
    row.commitP50Milliseconds = run.loadSeconds.quantile(0.5) * 1e3
    row.commitP99Milliseconds = run.loadSeconds.quantile(0.99) * 1e3
    row.commitMaxMilliseconds = run.loadSeconds.max * 1e3
    if hasQueries {
      row.queries = Int(run.queryCount.rounded())
      row.queriesPerSecond = run.queryCount / run.seconds
      row.queryCPUSeconds = run.querySeconds
      row.queryP50Milliseconds = querySeconds(0.5) * 1e3
      row.queryP95Milliseconds = querySeconds(0.95) * 1e3
      row.queryP99Milliseconds = querySeconds(0.99) * 1e3
      row.queryP999Milliseconds = querySeconds(0.999) * 1e3
    }
    row.bytesFlushed = run.loadedByteCount
    row.bytesCompactedRead = run.mergeReadByteCount
    row.bytesCompactedWritten = run.mergeWrittenByteCount
    row.writeAmplification = run.writeAmplification
    row.readAmplificationMean = run.components.mean
    row.readAmplificationMax = run.components.max
    row.spaceAmplification = run.spaceAmplification
    row.componentsMean = run.components.mean
    row.componentsMax = Int(run.components.max)
    row.componentsFinal = Double(run.componentFinal) / Double(model.tabletCount)
    row.debtBytesFinal = run.debtByteCount
    row.compactions = run.mergeCount
    row.compactionCPUSeconds = run.mergeProcessorSeconds
    row.stallCount = run.stallCount
    row.stallSeconds = run.stallSeconds
    row.stallLongestSeconds = run.stallLongestSeconds
    row.rejectedLoads = run.rejectedCount
    row.merges = run.mergeCount
    row.mergeBytes = run.mergeWrittenByteCount
    row.totalBytes = run.loadedByteCount + run.mergeWrittenByteCount
    if let (gap, kind) = model.optimalityGap(of: run) {
      row.optimumGap = gap
      row.optimumKind = kind.rawValue
    }
    return row
  }

  public var text: String {
    let loads = run.loadSeconds
    var lines = [
      "\(policy.spec): \(run.loadCount) loads, \(formatBytes(run.loadedByteCount)), "
        + "in \(formatFixed(run.seconds, places: 1)) s; \(run.rejectedCount) refused",
      "  write amp    \(formatFixed(run.writeAmplification, places: 3)) while loads came, "
        + "\(formatFixed(run.settledWriteAmplification, places: 3)) with what they left; "
        + "\(run.mergeCount) merges",
      "  components   mean \(formatFixed(run.components.mean, places: 3)), p99 "
        + "\(formatFixed(run.components.quantile(0.99), places: 0)), max "
        + "\(formatFixed(run.components.max, places: 0)); most versions \(run.versionMax)",
      "  load         p50 \(milliseconds(loads.quantile(0.5))), p99 "
        + "\(milliseconds(loads.quantile(0.99))), max \(milliseconds(loads.max))",
      "  stalls       \(run.stallCount), \(formatFixed(run.stallSeconds, places: 3)) s, "
        + "longest \(formatFixed(run.stallLongestSeconds, places: 3)) s",
      "  space        peak \(formatBytes(run.peakByteCount)), "
        + "\(formatFixed(run.spaceAmplification, places: 3)) times a full compaction at the end",
      "  debt         \(formatBytes(run.debtByteCount)), worked off in "
        + "\(formatFixed(run.quiesceSeconds, places: 1)) s",
      "  merge cpu    \(formatFixed(run.mergeProcessorSeconds, places: 1)) s",
    ]
    if hasQueries {
      lines.append(
        "  query        p50 \(milliseconds(querySeconds(0.5))), p99 "
          + "\(milliseconds(querySeconds(0.99))); "
          + "\(formatFixed(run.querySeconds, places: 1)) s in all")
    }
    if let (gap, kind) = model.optimalityGap(of: run) {
      let least = kind == .exact ? "the least" : "a bound of the least"
      lines.append(
        "  written against \(least) for as many components: \(formatFixed(gap, places: 3))")
    }
    return lines.joined(separator: "\n")
  }

  private func milliseconds(_ seconds: Double) -> String {
    "\(formatFixed(seconds * 1e3, places: 2)) ms"
  }
}
