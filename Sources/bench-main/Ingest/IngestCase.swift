import StorageBase
import StreamDriver

/// One run of `bench ingest`.
struct IngestCase: Sendable {
  var writerCount: Int
  var checkpointSeconds: Double
  /// Rows per second of all writers together; nil for as many as they can.
  var rowsPerSecond: Double?
  var delivery: Delivery

  var name: String {
    let writers = "\(writerCount) writer\(writerCount == 1 ? "" : "s")"
    let interval = "\(Self.text(checkpointSeconds)) s"
    let rate = rowsPerSecond.map { ", \(Int($0)) rows/s" } ?? ""
    switch delivery {
    case .exactlyOnce: return "\(writers), checkpoint \(interval)\(rate)"
    case .batches(let limits): return "\(writers), batches of \(limits.rowCount) rows\(rate)"
    }
  }

  private static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
  }
}
