import PolicyLab
import StorageBase
import Synchronization
import TabletEngine
import TabletModel

/// Records what happens to the tablets of a store, and what its scheduler asks. Thread-safe.
final class EngineTrace: StoreObserver {
  private let store: Store
  private let sink: any TraceSink
  /// Events are written under the lock, so that those of a tablet stand in the order of its states.
  private let recorder = Mutex(TraceRecorder())

  init(store: Store, sink: any TraceSink) {
    self.store = store
    self.sink = sink
  }

  /// Begins to listen, with the tablets as they are.
  func start() {
    store.addObserver(self)
    note(store.snapshot().flatMap(\.tablets).map(\.id))
  }

  /// Listens no more and writes what there is.
  func stop() throws {
    store.removeObserver(self)
    try sink.flush()
  }

  func flush() throws { try sink.flush() }

  func storeChanged(_ change: StoreChange) {
    switch change {
    case .loaded(let tablets): note(tablets)
    case .compacted(let tablet): note([tablet])
    case .swept, .due: break
    }
  }

  func asked(_ tablet: TabletID, _ facts: TabletFacts, _ decision: CompactionDecision) {
    recorder.withLock { recorder in
      note(tablet, &recorder)
      sink.add(recorder.asked(facts, of: tablet, decision: decision))
    }
  }

  func finished(_ event: CompactionEvent) {
    let result =
      event.output.map { TracedJob.Result.written(byteCount: $0.byteCount) }
      ?? .failed(event.error ?? "unknown")
    sink.add(
      .job(
        event.tablet,
        TracedJob(
          kind: event.kind, versions: event.versions, queuedAt: event.queuedAt,
          startedAt: event.startedAt, finishedAt: event.finishedAt,
          cpuMicroseconds: Int(max(0, event.cpuSeconds) * 1e6),
          inputByteCount: event.inputByteCount, result: result)))
  }

  private func note(_ tablets: [TabletID]) {
    recorder.withLock { recorder in
      for tablet in tablets { note(tablet, &recorder) }
    }
  }

  /// The state is read under the lock: what is noted never becomes older.
  private func note(_ tablet: TabletID, _ recorder: inout TraceRecorder) {
    guard let facts = store.facts(of: tablet) else { return }
    for event in recorder.note(facts, of: tablet) { sink.add(event) }
  }
}
