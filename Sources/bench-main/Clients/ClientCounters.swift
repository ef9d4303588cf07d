import BenchKit
import StorageBase
import Synchronization

/// What the clients of a run have got done. Thread-safe.
final class ClientCounters: Sendable {
  struct Totals: Sendable {
    var rows = 0
    var logicalBytes = 0
    var loads = 0
    var flushedBytes = 0
    /// Versions that the loads became; many share one.
    var versions = 0
    var queries = 0
    var queryCPUSeconds = 0.0
    var loadErrors = 0
    var loadRefusals = 0
    /// By kind.
    var queryErrors: [Int]
    var queryRefusals: [Int]
    /// Operations that clients gave up before they were sent.
    var givenUp = 0
    /// The longest time for which a query went on after its client wanted no answer any more.
    var overrunMax: UInt64?
    var rowsetsRead = 0
    var tabletsRead = 0
    var rowsetsReadMax = 0
    /// The first few, for the report.
    var messages: [String] = []

    var errors: Int { loadErrors + queryErrors.reduce(0, +) }
    var refusals: Int { loadRefusals + queryRefusals.reduce(0, +) + givenUp }
  }

  private let totals: Mutex<Totals>
  let loadLatency = LatencyHistogram()
  let queryLatency: [LatencyHistogram]
  let intervalLoadLatency = LatencyHistogram()
  let intervalQueryLatency = LatencyHistogram()

  init() {
    let kinds = QuestionKind.allCases.count
    queryLatency = (0..<kinds).map { _ in LatencyHistogram() }
    totals = Mutex(
      Totals(
        queryErrors: Array(repeating: 0, count: kinds),
        queryRefusals: Array(repeating: 0, count: kinds)))
  }

  var current: Totals { totals.withLock { $0 } }

  func addGivenUp(_ count: Int) { totals.withLock { $0.givenUp += count } }

  /// A query has ended so long after it was to.
  func noteOverrun(nanoseconds: UInt64) {
    totals.withLock { $0.overrunMax = max($0.overrunMax ?? 0, nanoseconds) }
  }

  /// Loads that became one version.
  func addLoads(
    latencies: [UInt64], rows: Int, logicalBytes: Int, flushedBytes: Int
  ) {
    for latency in latencies {
      loadLatency.record(nanoseconds: latency)
      intervalLoadLatency.record(nanoseconds: latency)
    }
    totals.withLock {
      $0.rows += rows
      $0.logicalBytes += logicalBytes
      $0.loads += latencies.count
      $0.flushedBytes += flushedBytes
      $0.versions += 1
    }
  }

  func addQuery(
    _ kind: QuestionKind, _ outcome: ShopQuestions.Outcome, cpuSeconds: Double,
    nanoseconds: UInt64
  ) {
    queryLatency[kind.rawValue].record(nanoseconds: nanoseconds)
    intervalQueryLatency.record(nanoseconds: nanoseconds)
    totals.withLock { totals in
      totals.queries += 1
      totals.queryCPUSeconds += cpuSeconds
      for count in outcome.componentCounts {
        totals.rowsetsRead += count
        totals.rowsetsReadMax = max(totals.rowsetsReadMax, count)
      }
      totals.tabletsRead += outcome.componentCounts.count
    }
  }

  /// An operation that was not done because there was no room for it, now.
  func addRefusal(_ kind: ClientOperation.Kind, _ reason: any Error) {
    totals.withLock { totals in
      switch kind {
      case .load: totals.loadRefusals += 1
      case .question(let kind): totals.queryRefusals[kind.rawValue] += 1
      }
      totals.note("refused: \(reason)")
    }
  }

  func addError(_ kind: ClientOperation.Kind, _ error: any Error) {
    totals.withLock { totals in
      switch kind {
      case .load: totals.loadErrors += 1
      case .question(let kind): totals.queryErrors[kind.rawValue] += 1
      }
      totals.note("\(error)")
    }
  }
}

extension ClientCounters.Totals {
  fileprivate mutating func note(_ message: String) {
    if messages.count < 5, !messages.contains(message) { messages.append(message) }
  }
}
