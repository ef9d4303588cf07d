/// Cuts the figures of a timed run into intervals.
struct TimedSampler {
  private let interval: Double
  /// When the present interval ends; never without an observer.
  private(set) var nextAt: Double
  /// Of the loads of the present interval.
  var loadSeconds = WeightedQuantiles()
  private var before = TimedRun()
  private var takenAt = 0.0

  init(every interval: Double?) {
    self.interval = interval ?? .infinity
    nextAt = self.interval
  }

  /// What has come since the last sample. `figures` are those of the whole run so far.
  mutating func take(
    _ figures: TimedRun, at now: Double, runningCount: Int, componentCounts: [Int],
    debtByteCount: Int, storedByteCount: Int
  ) -> TimedSample {
    defer {
      before = figures
      takenAt = now
      loadSeconds = WeightedQuantiles()
      while nextAt <= now { nextAt += interval }
    }
    return TimedSample(
      seconds: now, intervalSeconds: now - takenAt,
      loadCount: figures.loadCount - before.loadCount,
      loadedByteCount: figures.loadedByteCount - before.loadedByteCount,
      rejectedCount: figures.rejectedCount - before.rejectedCount, loadSeconds: loadSeconds,
      stallSeconds: figures.stallSeconds - before.stallSeconds,
      mergeCount: figures.mergeCount - before.mergeCount,
      mergeReadByteCount: figures.mergeReadByteCount - before.mergeReadByteCount,
      mergeWrittenByteCount: figures.mergeWrittenByteCount - before.mergeWrittenByteCount,
      mergeProcessorSeconds: figures.mergeProcessorSeconds - before.mergeProcessorSeconds,
      runningCount: runningCount,
      componentMean: Double(componentCounts.reduce(0, +)) / Double(max(1, componentCounts.count)),
      componentMax: componentCounts.max() ?? 0, debtByteCount: debtByteCount,
      storedByteCount: storedByteCount)
  }
}
