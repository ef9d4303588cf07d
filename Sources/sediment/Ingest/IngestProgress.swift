import BenchKit
import StorageBase
import StorageIO
import StreamDriver

/// Tells how a pipeline is doing: rows a second, lag, checkpoint, versions. Not thread-safe.
final class IngestProgress {
  private let reporter = ProgressReporter(clock: SystemClock())
  private let clock = MonotonicClock()
  private let start: UInt64
  private let before: PipelineCounts
  /// At the last checkpoint but one that was seen, for the present rate.
  private var older: (checkpoint: UInt64, rows: UInt64, at: UInt64)
  private var rate = 0.0
  /// Whether tables refused loads when it was shown last.
  private var isRefused = false

  init(_ status: StreamStatus) {
    start = clock.now()
    before = status.counts
    older = (status.checkpoint, status.counts.readRows, start)
  }

  func show(_ status: StreamStatus, versions: Int) {
    if let refusal = status.refusal, !isRefused {
      tell("tables refuse loads, and the source waits: \(refusal)")
    }
    isRefused = status.refusal != nil
    let now = clock.now()
    if status.checkpoint != older.checkpoint {
      rate = Double(status.counts.readRows - older.rows) / max(1e-9, Double(now - older.at) / 1e9)
      older = (status.checkpoint, status.counts.readRows, now)
    }
    reporter.update(
      "\(status.counts.readRows) rows, \(Int(rate)) rows/s, checkpoint \(status.checkpoint) in "
        + "\(milliseconds(status.checkpointSeconds)) ms every "
        + "\(tenths(status.intervalSeconds)) s, \(versions) versions"
        + (status.counts.rejectedRows > 0 ? ", \(status.counts.rejectedRows) rejected" : "")
        + (status.schemaChangeCount > 0 ? ", \(status.schemaChangeCount) schema changes" : ""))
  }

  /// Takes the line off the screen, if there is one.
  func clear() { reporter.finish() }

  /// A line of its own, above the one that changes.
  func tell(_ line: String) { reporter.note(line) }

  func report(
    _ status: StreamStatus, name: String, latencies: LatencySnapshot, statePath: String
  ) -> String {
    let seconds = Double(clock.now() - start) / 1e9
    let read = status.counts.readRows - before.readRows
    let written = status.counts.writtenRows - before.writtenRows
    let rejected = status.counts.rejectedRows - before.rejectedRows
    var text =
      "\(name): \(read) rows read, \(written) written, \(rejected) rejected in "
      + "\(tenths(seconds)) s (\(Int(Double(read) / max(1e-9, seconds))) rows/s); "
      + "\(status.counts.readRows) rows and \(status.checkpoint) checkpoints in all"
    if let median = latencies.p50Milliseconds, let high = latencies.p99Milliseconds {
      text += "\nvisible \(tenths(median)) ms after they were due (p50), \(tenths(high)) ms (p99)"
    }
    if !status.steps.isEmpty { text += "\n\(StepTable(status.steps))" }
    if status.schemaChangeCount > 0 {
      text += "\nchanges of columns applied to tables: \(status.schemaChangeCount)"
    }
    return text + "\ncheckpoints and side outputs: \(statePath)"
  }

  private func tenths(_ number: Double) -> String { String((number * 10).rounded() / 10) }

  private func milliseconds(_ seconds: Double) -> String { String(Int((seconds * 1e3).rounded())) }
}
