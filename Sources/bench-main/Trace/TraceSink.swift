import PolicyLab
import Synchronization

/// Where the events of a run go. Thread-safe.
protocol TraceSink: AnyObject, Sendable {
  func add(_ event: TraceEvent)

  /// - Throws: why something that was added could not be kept.
  func flush() throws
}

/// What became of tablets and merges, kept in memory; questions are left out.
final class TraceMemory: TraceSink {
  private let origin: TraceOrigin
  private let events = Mutex<[TraceEvent]>([])

  init(origin: TraceOrigin) { self.origin = origin }

  func add(_ event: TraceEvent) {
    if case .ask = event { return }
    events.withLock { $0.append(event) }
  }

  func flush() {}

  var trace: CompactionTrace { CompactionTrace(origin: origin, events: events.withLock { $0 }) }
}
