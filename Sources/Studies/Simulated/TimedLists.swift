import BenchKit
import PolicyLab

/// The time series and the merges of a timed run, as the engine's runs have them.
public final class TimedLists {
  private let runID: String
  private let costs: CostModel
  private let queries: QueryProcess
  private var timeline: [TimelineRow] = []
  private var merges: [CompactionRow] = []

  public init(runID: String, costs: CostModel, queries: QueryProcess) {
    self.runID = runID
    self.costs = costs
    self.queries = queries
  }

  public func observer(every seconds: Double) -> TimedObserver {
    TimedObserver(
      sampleSeconds: seconds, onSample: { self.timeline.append(self.row($0)) },
      onMerge: { self.merges.append(self.row($0)) })
  }

  public var timelineText: String {
    ([TimelineRow.header] + timeline.map(\.line)).joined(separator: "\n") + "\n"
  }

  public var mergesText: String {
    ([CompactionRow.header] + merges.map(\.line)).joined(separator: "\n") + "\n"
  }

  private func row(_ sample: TimedSample) -> TimelineRow {
    var row = TimelineRow(
      runID: runID, elapsedSeconds: sample.seconds, intervalSeconds: sample.intervalSeconds)
    row.bytesIngested = sample.loadedByteCount
    row.commits = sample.loadCount
    if sample.loadCount > 0 {
      row.commitP50Milliseconds = sample.loadSeconds.quantile(0.5) * 1e3
      row.commitP99Milliseconds = sample.loadSeconds.quantile(0.99) * 1e3
    }
    if !queries.isNone {
      row.queries = Int(
        queries.count(from: sample.seconds - sample.intervalSeconds, to: sample.seconds)
          .rounded())
      let count = Int(sample.componentMean.rounded())
      row.queryP50Milliseconds = costs.querySeconds(componentCount: count) * 1e3
    }
    row.rejectedLoads = sample.rejectedCount
    row.stallSeconds = sample.stallSeconds
    row.componentsMean = sample.componentMean
    row.componentsMax = sample.componentMax
    row.bytesFlushed = sample.loadedByteCount
    row.bytesCompactedRead = sample.mergeReadByteCount
    row.bytesCompactedWritten = sample.mergeWrittenByteCount
    if sample.loadedByteCount > 0 {
      row.writeAmplification =
        1 + Double(sample.mergeWrittenByteCount) / Double(sample.loadedByteCount)
    }
    row.compactionsFinished = sample.mergeCount
    row.compactionsRunning = sample.runningCount
    row.debtBytes = sample.debtByteCount
    row.cpuSeconds = sample.mergeProcessorSeconds
    row.diskBytes = sample.storedByteCount
    return row
  }

  private func row(_ merge: TimedMerge) -> CompactionRow {
    var row = CompactionRow(
      runID: runID, startSeconds: merge.startSeconds,
      durationSeconds: merge.endSeconds - merge.startSeconds, tablet: UInt64(merge.tablet),
      kind: "\(merge.pick.kind)", firstVersion: Int(merge.pick.versions.first.rawValue),
      lastVersion: Int(merge.pick.versions.last.rawValue), inputs: merge.inputCount,
      inputBytes: merge.inputByteCount, reason: merge.reason)
    row.cpuSeconds = merge.processorSeconds
    row.outputBytes = merge.outputByteCount
    return row
  }
}
