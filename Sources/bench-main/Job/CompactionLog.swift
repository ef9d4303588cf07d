import BenchKit
import Synchronization
import TabletEngine

/// What compaction has done so far. Thread-safe.
final class CompactionLog: Sendable {
  struct Totals {
    var jobs = 0
    var failed = 0
    var readBytes = 0
    var writtenBytes = 0
    var cpuSeconds = 0.0
    var warmedPages = 0
    var firstError: String?
  }

  private struct State {
    var totals = Totals()
    var unwritten: [CompactionEvent] = []
  }

  private let state = Mutex(State())

  var current: Totals { state.withLock { $0.totals } }

  func add(_ event: CompactionEvent) {
    state.withLock {
      $0.totals.jobs += 1
      $0.totals.cpuSeconds += event.cpuSeconds
      $0.totals.warmedPages += event.warmedPageCount
      if let output = event.output {
        // What is linked is neither read nor written.
        $0.totals.readBytes += event.inputByteCount - event.linkedByteCount
        $0.totals.writtenBytes += output.byteCount - event.linkedByteCount
      } else {
        $0.totals.failed += 1
        $0.totals.firstError = $0.totals.firstError ?? event.error
      }
      $0.unwritten.append(event)
    }
  }

  func add(refusal: String) {
    state.withLock {
      $0.totals.failed += 1
      $0.totals.firstError = $0.totals.firstError ?? refusal
    }
  }

  /// Events since the last call.
  func drain() -> [CompactionEvent] {
    state.withLock { state in
      defer { state.unwritten.removeAll() }
      return state.unwritten
    }
  }
}
