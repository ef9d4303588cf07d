import BenchKit
import StorageBase
import Synchronization

/// What the clients of a run have done so far. Thread-safe.
final class JobCounters: Sendable {
  struct Totals {
    var rows = 0
    var logicalBytes = 0
    var commits = 0
    var flushedBytes = 0
    var queries = 0
    var queryCPUSeconds = 0.0
    var errors = 0
    var rejectedLoads = 0
    /// Rowsets that queries had to read, summed over queries and tablets.
    var rowsetsRead = 0
    var tabletsRead = 0
    var rowsetsReadMax = 0
    /// The first few, for the report.
    var errorMessages: [String] = []
  }

  private let totals = Mutex(Totals())
  let commitLatency = LatencyHistogram()
  let queryLatency: [LatencyHistogram]
  /// Of the current interval only.
  let intervalCommitLatency = LatencyHistogram()
  let intervalQueryLatency = LatencyHistogram()

  init(queryKindCount: Int) {
    queryLatency = (0..<queryKindCount).map { _ in LatencyHistogram() }
  }

  var current: Totals { totals.withLock { $0 } }

  func addCommit(rows: Int, logicalBytes: Int, flushedBytes: Int, nanoseconds: UInt64) {
    commitLatency.record(nanoseconds: nanoseconds)
    intervalCommitLatency.record(nanoseconds: nanoseconds)
    totals.withLock {
      $0.rows += rows
      $0.logicalBytes += logicalBytes
      $0.flushedBytes += flushedBytes
      $0.commits += 1
    }
  }

  func addQuery(kind: Int, rowsets: [Int], cpuSeconds: Double, nanoseconds: UInt64) {
    queryLatency[kind].record(nanoseconds: nanoseconds)
    intervalQueryLatency.record(nanoseconds: nanoseconds)
    totals.withLock {
      $0.queries += 1
      $0.queryCPUSeconds += cpuSeconds
      $0.rowsetsRead += rowsets.reduce(0, +)
      $0.tabletsRead += rowsets.count
      $0.rowsetsReadMax = max($0.rowsetsReadMax, rowsets.max() ?? 0)
    }
  }

  func addRejectedLoad(_ error: any Error) {
    totals.withLock {
      $0.rejectedLoads += 1
      $0.note("\(error)")
    }
  }

  func addError(_ message: String) {
    totals.withLock {
      $0.errors += 1
      $0.note(message)
    }
  }
}

extension JobCounters.Totals {
  fileprivate mutating func note(_ message: String) {
    if errorMessages.count < 5, !errorMessages.contains(message) { errorMessages.append(message) }
  }
}
