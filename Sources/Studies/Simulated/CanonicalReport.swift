import BenchKit
import CompactionPolicies
import PolicyLab

/// What a policy cost in the canonical model, as a row.
public struct CanonicalReport {
  private let run: CanonicalRun
  private let policy: ConfiguredPolicy
  private let debtByteCount: Int
  private let seed: UInt64

  public init(run: CanonicalRun, policy: ConfiguredPolicy, debtByteCount: Int, seed: UInt64) {
    self.run = run
    self.policy = policy
    self.debtByteCount = debtByteCount
    self.seed = seed
  }

  public var summary: SummaryRow {
    var row = SummaryRow(
      runID: "simulated-\(policy.name)-\(run.flushCount)", policy: policy.name,
      policyParameters: policy.parameterList, workload: "flushes", mode: "simulated", seed: seed)
    row.tablets = 1
    row.commits = run.flushCount
    row.bytesIngested = run.flushCount * run.loadByteCount
    row.bytesFlushed = run.flushCount * run.loadByteCount
    row.bytesCompactedRead = run.mergeByteCount
    row.bytesCompactedWritten = run.mergeByteCount
    row.writeAmplification = run.writeAmplification
    row.readAmplificationMean = run.settledMean
    row.readAmplificationMax = Double(run.settledMax)
    row.componentsMean = run.settledMean
    row.componentsMax = run.settledMax
    row.componentsFinal = Double(run.settledFinal)
    row.debtBytesFinal = debtByteCount
    row.compactions = run.mergeCount
    row.merges = run.mergeCount
    row.mergeBytes = run.mergeByteCount
    row.totalBytes = run.totalByteCount
    row.buildBytes = run.buildByteCount
    row.maxSettled = run.settledMax
    row.meanSettled = run.settledMean
    row.optimumGap = run.optimalityGap
    row.optimumKind = WriteReference.Kind.exact.rawValue
    return row
  }
}
