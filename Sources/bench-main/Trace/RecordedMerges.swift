import BenchKit
import PolicyLab

/// What compaction did in a trace.
struct RecordedMerges {
  let text: String

  /// - Throws: `JSONMismatch` for events that do not fit each other, as a trace that was read does
  ///   not have.
  init(_ trace: CompactionTrace) throws {
    let figures = try TracedFigures(of: trace)
    text =
      "\(trace.origin.policy ?? "unknown policy"): \(figures.mergeCount) merges wrote "
      + "\(formatBytes(figures.mergeWrittenByteCount)), write amp "
      + "\(formatFixed(figures.writeAmplification, places: 3)), components mean "
      + formatFixed(figures.componentMean, places: 3)
  }
}
