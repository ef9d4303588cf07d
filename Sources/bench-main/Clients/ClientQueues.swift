import StorageBase
import StorageIO
import WorkloadGroups

/// The admission queues of a run, which its threads wait at: one of loads, one of queries, with one
/// account of memory. Thread-safe.
final class ClientQueues: Sendable {
  typealias Queue = AdmissionQueue<ClientOperation>
  typealias Operation = AdmittedOperation<ClientOperation>

  /// A queue, and whether it takes and gives no more.
  struct Line: @unchecked Sendable {
    var queue: Queue
    var isClosed = false
  }

  let memory: MemoryTracker
  private let loads: Monitor<Line>
  private let questions: Monitor<Line>
  private let clock = SystemClock()
  private let monotonic = MonotonicClock()
  private let timeoutSeconds: Double
  /// A line whose first one has waited for this share of its time is that of an overload.
  private static let newestFirstShare = 0.5
  /// What a query of each group is sure to need, in bytes.
  private static let questionByteCounts = [4 << 10, 256 << 10, 16 << 20]

  /// - Throws: `StorageError` for settings out of range.
  init(_ settings: ClientSettings, queryThreads: Int, loadBatchMax: Int) throws {
    memory = MemoryTracker("loads and queries", byteCountMax: settings.memoryByteCount)
    timeoutSeconds = settings.timeoutSeconds
    func group(_ name: String, weight: Int, concurrency: Int) -> WorkloadGroup {
      WorkloadGroup(
        name: name, weight: weight, concurrencyMax: concurrency,
        queueCountMax: settings.queueCount, queueSecondsMax: settings.timeoutSeconds,
        newestFirstSeconds: settings.timeoutSeconds * Self.newestFirstShare)
    }
    loads = Monitor(
      Line(
        queue: try Queue(
          [group("loads", weight: 1, concurrency: loadBatchMax * settings.loadThreads)],
          memory: memory)))
    questions = Monitor(
      Line(
        queue: try Queue(
          [
            group("lookups", weight: 8, concurrency: queryThreads),
            group("dashboards", weight: 4, concurrency: queryThreads),
            // One thread stays free of them wherever there are two.
            group("scans", weight: 1, concurrency: max(1, queryThreads - 1)),
          ], memory: memory)))
  }

  /// - Throws: `AdmissionRefusal`.
  func submit(_ operation: ClientOperation, byteCount: Int) throws {
    let now = clock.now()
    switch operation.kind {
    case .load:
      try loads.withLock { line in
        _ = try line.queue.submit(
          operation, AdmissionRequest(group: 0, byteCount: byteCount), at: now)
      }
      loads.signal()
    case .question(let kind):
      let group = QuestionGroup.of(kind)
      let sent = monotonic.now()
      // Its client may have waited for the answer to the one before.
      let waited = sent > operation.due ? Double(sent - operation.due) / 1e9 : 0
      let request = AdmissionRequest(
        group: group.rawValue, cost: kind.estimatedCost,
        byteCount: Self.questionByteCounts[group.rawValue],
        deadline: now.advanced(bySeconds: timeoutSeconds - waited))
      try questions.withLock { _ = try $0.queue.submit(operation, request, at: now) }
      questions.signal()
    }
  }

  /// Waits for a question whose turn it is; nil once closed.
  func nextQuestion() -> Operation? {
    questions.wait { line -> Operation?? in
      if let next = line.queue.next(at: clock.now()) { return next }
      return line.isClosed ? .some(nil) : nil
    }
  }

  /// Waits for a load, and takes as many as there are; none once closed.
  func nextLoads(atMost count: Int) -> [Operation] {
    loads.wait { line -> [Operation]? in
      var taken: [Operation] = []
      let now = clock.now()
      while taken.count < count, let next = line.queue.next(at: now) { taken.append(next) }
      return taken.isEmpty && !line.isClosed ? nil : taken
    }
  }

  func finishQuestion(_ operation: Operation, cpuSeconds: Double) {
    questions.withLock { $0.queue.finish(operation, cost: cpuSeconds * 1e6) }
    // A place of its group, or memory, may be what another one waits for.
    questions.signal()
  }

  func finishLoads(_ operations: [Operation]) {
    loads.withLock { line in
      for operation in operations { line.queue.finish(operation) }
    }
    loads.signal()
  }

  /// Those that have waited too long.
  func takeExpired() -> [RefusedOperation<ClientOperation>] {
    let now = clock.now()
    return loads.withLock { $0.queue.takeExpired(at: now) }
      + questions.withLock { $0.queue.takeExpired(at: now) }
  }

  /// Lets the threads end once nothing waits.
  func close() {
    for line in [loads, questions] {
      line.withLock { $0.isClosed = true }
      line.broadcast()
    }
  }

  var waitingCount: Int {
    loads.withLock { $0.queue.waitingCount } + questions.withLock { $0.queue.waitingCount }
  }

  var counters: (loads: [AdmissionCounters], questions: [AdmissionCounters]) {
    (loads.withLock { $0.queue.counters }, questions.withLock { $0.queue.counters })
  }
}
