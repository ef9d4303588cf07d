import BenchKit
import StorageBase
import TabletEngine

extension CompactionRow {
  /// - Parameter start: when the run began.
  init(_ event: CompactionEvent, runID: String, since start: Timestamp) {
    self.init(
      runID: runID, startSeconds: event.startedAt.seconds(since: start),
      durationSeconds: event.finishedAt.seconds(since: event.startedAt),
      tablet: event.tablet.rawValue, kind: "\(event.kind)",
      firstVersion: Int(event.versions.first.rawValue),
      lastVersion: Int(event.versions.last.rawValue), inputs: event.inputCount,
      inputBytes: event.inputByteCount, reason: event.reason)
    queueWaitSeconds = event.startedAt.seconds(since: event.queuedAt)
    cpuSeconds = event.cpuSeconds
    inputRows = event.inputRowCount
    outputBytes = event.output?.byteCount
    outputRows = event.output?.rowCount
    linkedBytes = event.output == nil ? nil : event.linkedByteCount
    warmedPages = event.output == nil ? nil : event.warmedPageCount
    error = event.error
  }
}
