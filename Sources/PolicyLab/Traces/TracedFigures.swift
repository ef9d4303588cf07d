import StorageBase
import TabletModel

/// What a recorded run came to, until its last load.
public struct TracedFigures: Hashable, Sendable {
  public private(set) var loadCount = 0
  public private(set) var loadedByteCount = 0
  public private(set) var mergeCount = 0
  public private(set) var mergeWrittenByteCount = 0
  public private(set) var mergeProcessorSeconds = 0.0
  /// Of a tablet, mean over tablets and time.
  public private(set) var componentMean = 0.0
  public private(set) var seconds = 0.0

  /// - Throws: `JSONMismatch` for events that do not fit each other, as a trace that was read does
  ///   not have.
  public init(of trace: CompactionTrace) throws {
    let workload = try TracedWorkload(of: trace)
    guard let last = workload.loads.last?.seconds, last > 0 else { return }
    loadCount = workload.loads.count
    loadedByteCount = workload.byteCount
    seconds = last
    let end = workload.epoch.advanced(bySeconds: last)
    var countedUntil = workload.epoch
    var integral = 0.0
    try trace.walk { event, state in
      let at = min(max(event.at, countedUntil), end)
      let components = state.tablets.values.reduce(0) { $0 + $1.rowsets.count { !$0.isEmpty } }
      integral += Double(components) * at.seconds(since: countedUntil)
      countedUntil = at
      switch event {
      case .merge(_, let merge) where merge.at <= end:
        mergeCount += 1
        mergeWrittenByteCount += merge.output.byteCount
      case .job(_, let job) where job.finishedAt <= end:
        mergeProcessorSeconds += Double(job.cpuMicroseconds) / 1e6
      default: break
      }
    }
    componentMean = integral / last / Double(max(1, workload.tablets.count))
  }

  /// Bytes written per byte loaded, the load included.
  public var writeAmplification: Double {
    loadedByteCount == 0 ? 1 : 1 + Double(mergeWrittenByteCount) / Double(loadedByteCount)
  }
}
