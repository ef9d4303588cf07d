import StorageBase
import TabletModel

/// What a recorded run came to: until its last load unless said otherwise, as in `TimedRun`.
public struct TracedFigures: Hashable, Sendable {
  public private(set) var loadCount = 0
  public private(set) var loadedByteCount = 0
  public private(set) var mergeCount = 0
  public private(set) var mergeReadByteCount = 0
  public private(set) var mergeWrittenByteCount = 0
  public private(set) var mergeProcessorSeconds = 0.0
  /// Of a tablet, mean over tablets and time.
  public private(set) var componentMean = 0.0
  public private(set) var componentMax = 0
  public private(set) var versionMax = 0
  public private(set) var seconds = 0.0
  /// Bytes of rowsets, with the output beside its inputs when one was swapped in, at the worst
  /// moment of the whole run.
  public private(set) var peakByteCount = 0
  /// The tablets once the last load was visible, in the order of the trace.
  public private(set) var tablets: [TracedTablet] = []
  /// When the last load came.
  public private(set) var endedAt = Timestamp(rawValue: 0)
  /// From the last load until the last merge, and what merges wrote in between.
  public private(set) var quiesceSeconds = 0.0
  public private(set) var quiesceWrittenByteCount = 0

  /// - Throws: `JSONMismatch` for events that do not fit each other, as a trace that was read does
  ///   not have.
  public init(of trace: CompactionTrace) throws {
    let workload = try TracedWorkload(of: trace)
    guard let last = workload.loads.last?.seconds, last > 0 else { return }
    loadCount = workload.loads.count
    loadedByteCount = workload.byteCount
    seconds = last
    endedAt = workload.epoch.advanced(bySeconds: last)
    let lastChange = trace.events.lastIndex { event in
      switch event {
      case .load, .tablet: true
      case .merge, .ask, .job: false
      }
    }
    var countedUntil = workload.epoch
    var integral = 0.0
    var state = TraceState()
    var counts = Counts()
    for (place, event) in trace.events.enumerated() {
      let at = min(max(event.at, countedUntil), endedAt)
      integral += Double(counts.componentCount) * at.seconds(since: countedUntil)
      countedUntil = at
      note(event, storedByteCount: counts.byteCount)
      try state.apply(event)
      if event.changesRowsets, let tablet = state.tablets[event.tablet] {
        counts.note(tablet, of: event.tablet)
        if event.at <= endedAt {
          componentMax = max(componentMax, tablet.componentCount)
          versionMax = max(versionMax, tablet.rowsets.count)
        }
      }
      if place == lastChange { tablets = workload.tablets.compactMap { state.tablets[$0] } }
    }
    componentMean = integral / last / Double(max(1, workload.tablets.count))
  }

  private mutating func note(_ event: TraceEvent, storedByteCount: Int) {
    switch event {
    case .load(_, let rowset, _):
      peakByteCount = max(peakByteCount, storedByteCount + rowset.byteCount)
    case .merge(_, let merge):
      peakByteCount = max(peakByteCount, storedByteCount + merge.output.byteCount)
      if merge.visibleAt <= endedAt {
        mergeCount += 1
        mergeWrittenByteCount += merge.output.byteCount
      } else {
        quiesceWrittenByteCount += merge.output.byteCount
        quiesceSeconds = merge.visibleAt.seconds(since: endedAt)
      }
    case .job(_, let job) where job.finishedAt <= endedAt:
      mergeProcessorSeconds += Double(job.cpuMicroseconds) / 1e6
      mergeReadByteCount += job.inputByteCount
    case .tablet, .ask, .job: break
    }
  }

  /// Sums over all tablets, of which one changes at a time.
  private struct Counts {
    private var tablets: [TabletID: (componentCount: Int, byteCount: Int)] = [:]
    private(set) var componentCount = 0
    private(set) var byteCount = 0

    mutating func note(_ tablet: TracedTablet, of id: TabletID) {
      let new = (tablet.componentCount, tablet.rowsets.totalByteCount)
      let old = tablets.updateValue(new, forKey: id) ?? (0, 0)
      componentCount += new.0 - old.0
      byteCount += new.1 - old.1
    }
  }

  /// Bytes written per byte loaded, the load included.
  public var writeAmplification: Double {
    loadedByteCount == 0 ? 1 : 1 + Double(mergeWrittenByteCount) / Double(loadedByteCount)
  }

  /// The same with what was still written afterwards.
  public var settledWriteAmplification: Double {
    guard loadedByteCount > 0 else { return 1 }
    let written = mergeWrittenByteCount + quiesceWrittenByteCount
    return 1 + Double(written) / Double(loadedByteCount)
  }

  /// What the policy would still have written when the last load had come.
  public func debtByteCount(under policy: any CompactionPolicy) -> Int {
    tablets.reduce(0) {
      $0 + CompactionDebt.byteCount(of: $1.facts(now: endedAt), under: policy)
    }
  }
}

extension TraceEvent {
  fileprivate var changesRowsets: Bool {
    switch self {
    case .tablet, .load, .merge: true
    case .ask, .job: false
    }
  }
}

extension TracedTablet {
  fileprivate var componentCount: Int { rowsets.count { !$0.isEmpty } }
}
