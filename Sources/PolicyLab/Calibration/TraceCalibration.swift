import StorageBase
import TabletModel

/// What merges of a recorded run took, as a cost model, and how large rowsets were.
public struct TraceCalibration: Hashable, Sendable {
  /// Processor time of a merge by the bytes of its inputs; nil if no merge was recorded.
  public let processor: LinearFit?
  /// Elapsed time, the same way.
  public let elapsed: LinearFit?
  /// What passes before a merge begins that is wanted and has a slot: the question to the policy,
  /// and the way to a thread. The mean, in seconds.
  public let startSeconds: Double
  public let sizes: RowsetSizes?

  public init(of trace: CompactionTrace) {
    var (processor, elapsed): ([(x: Double, y: Double)], [(x: Double, y: Double)]) = ([], [])
    var rowsets: [RowsetSummary] = []
    var jobs: [TracedJob] = []
    for event in trace.events {
      switch event {
      case .job(_, let job):
        guard case .written = job.result else { continue }
        let bytes = Double(job.inputByteCount)
        processor.append((bytes, Double(job.cpuMicroseconds) / 1e6))
        elapsed.append((bytes, max(0, job.finishedAt.seconds(since: job.startedAt))))
        jobs.append(job)
      case .load(_, let rowset): rowsets.append(rowset)
      case .merge(_, let merge): rowsets.append(merge.output)
      case .tablet, .ask: continue
      }
    }
    self.processor = LinearFit(processor)
    self.elapsed = LinearFit(elapsed)
    sizes = RowsetSizes(rowsets)
    let free = Self.freeTimes(of: jobs)
    startSeconds =
      free.reduce(0) { $0 + $1.job.startedAt.seconds(since: $1.at) } / Double(max(1, free.count))
  }

  /// When each merge could have begun: when it was wanted, and the last one of its kind had ended.
  private static func freeTimes(of jobs: [TracedJob]) -> [(job: TracedJob, at: Timestamp)] {
    Dictionary(grouping: jobs, by: \.kind).values.flatMap { own in
      let ends = own.map(\.finishedAt).sorted()
      var ended = 0
      return own.sorted { $0.startedAt < $1.startedAt }.map { job in
        while ended < ends.count, ends[ended] <= job.startedAt { ended += 1 }
        let free = ended > 0 ? max(ends[ended - 1], job.queuedAt) : job.queuedAt
        return (job, min(free, job.startedAt))
      }
    }
  }

  /// Puts the times of merges in the place of those of `costs`. What is elapsed beside the
  /// processor is counted as writing.
  public func apply(to costs: inout CostModel) {
    guard let processor, processor.slope > 0, let elapsed else { return }
    costs.secondsPerMerge = processor.intercept
    costs.processorBytesPerSecond = 1 / processor.slope
    costs.readBytesPerSecond = .infinity
    let waiting = elapsed.slope - processor.slope
    costs.writeBytesPerSecond = waiting > 0 ? 1 / waiting : .infinity
    costs.secondsWaitedPerMerge =
      max(0, elapsed.intercept - processor.intercept) + startSeconds
  }
}
