import PolicyLab
import TabletEngine

extension TimedModel {
  /// Has the loads of a trace, at their times, and rowsets as large as there.
  /// - Parameter takesTimes: whether merges take what those of the trace took when they began, and
  ///   the scheduler rests as that of the engine does.
  /// - Returns: what came from outside.
  @discardableResult
  mutating func follow(_ trace: CompactionTrace, takesTimes: Bool) throws -> TracedWorkload {
    let workload = try TracedWorkload(of: trace)
    let calibration = TraceCalibration(of: trace)
    if takesTimes {
      calibration.apply(to: &costs)
      pace = calibration.pace(for: costs)
      if trace.origin.source == "engine" { restSeconds = CompactionScheduler.threadRestSeconds }
    }
    replay(workload)
    rowsetSizes = calibration.sizes
    return workload
  }
}
