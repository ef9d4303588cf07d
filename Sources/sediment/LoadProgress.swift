import BenchKit
import IngestDriver
import StorageIO
import Synchronization

/// Tells how far a load has come, and how fast it was. Thread-safe.
final class LoadProgress: Sendable {
  private let reporter = ProgressReporter(clock: SystemClock())
  private let start = MonotonicClock().now()
  private let input: FileInput?
  /// When the last load was durable.
  private let lastLoad: Mutex<UInt64>

  /// - Parameter input: nil for rows that come from elsewhere, of which only the number is shown.
  init(_ input: FileInput?) {
    self.input = input
    lastLoad = Mutex(start)
  }

  /// - Parameter rowCount: rows that are durable.
  func show(rowCount: Int) {
    lastLoad.withLock { $0 = MonotonicClock().now() }
    reporter.update(
      input.map { input in
        let percent = input.takenByteCount * 100 / max(1, input.byteCount)
        return "\(percent) % read, \(rowCount) rows loaded, \(speed(input.takenByteCount))"
      } ?? "\(rowCount) rows loaded")
  }

  func finish() { reporter.finish() }

  /// How long it took until all was durable, and for a file how fast that was. Compaction may have
  /// gone on for longer.
  var summary: String {
    let time = "in \(tenths(seconds)) s"
    return input.map { "\(time), \(speed($0.takenByteCount))" } ?? time
  }

  private var seconds: Double { Double(lastLoad.withLock { $0 } - start) / 1e9 }

  private func speed(_ byteCount: UInt64) -> String {
    "\(tenths(Double(byteCount) / 1e6 / max(seconds, 1e-6))) MB/s"
  }

  private func tenths(_ number: Double) -> String {
    String((number * 10).rounded() / 10)
  }
}
