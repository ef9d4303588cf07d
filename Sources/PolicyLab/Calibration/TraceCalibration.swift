import StorageBase
import TabletModel

/// What merges of a recorded run took, as a cost model, and how large rowsets were.
public struct TraceCalibration: Hashable, Sendable {
  /// Processor time of a merge by the bytes of its inputs; nil if no merge was recorded.
  public let processor: LinearFit?
  /// From when a merge was asked for until its output could be read, the same way.
  public let elapsed: LinearFit?
  /// What passed then until the policy could be asked about its slot again. The mean, in seconds.
  public let restSeconds: Double
  public let sizes: RowsetSizes?
  private let merges: [TimedMergeJob]

  public init(of trace: CompactionTrace) {
    var rowsets: [RowsetSummary] = []
    var times = MergeTimes(epoch: trace.events.first?.at ?? Timestamp(rawValue: 0))
    for event in trace.events {
      times.note(event)
      switch event {
      case .load(_, let rowset, _): rowsets.append(rowset)
      case .merge(_, let merge): rowsets.append(merge.output)
      case .tablet, .ask, .job: continue
      }
    }
    merges = times.merges
    processor = LinearFit(merges.map { ($0.byteCount, $0.processorSeconds) })
    elapsed = LinearFit(merges.map { ($0.byteCount, $0.elapsedSeconds) })
    restSeconds = merges.reduce(0) { $0 + $1.restSeconds } / Double(max(1, merges.count))
    sizes = RowsetSizes(rowsets)
  }

  /// Puts the times of merges in the place of those of `costs`. What is elapsed beside the
  /// processor is counted as reading, since it is known for the bytes of inputs.
  public func apply(to costs: inout CostModel) {
    guard let processor, processor.slope > 0, let elapsed else { return }
    costs.secondsPerMerge = processor.intercept
    costs.processorBytesPerSecond = 1 / processor.slope
    costs.writeBytesPerSecond = .infinity
    let waiting = elapsed.slope - processor.slope
    costs.readBytesPerSecond = waiting > 0 ? 1 / waiting : .infinity
    costs.secondsWaitedPerMerge = max(0, elapsed.intercept - processor.intercept)
    costs.secondsAfterMerge = restSeconds
  }

  /// How these times went up and down, for costs they have been applied to; nil if no merge was
  /// recorded.
  public func pace(for costs: CostModel) -> RecordedPace? {
    guard !merges.isEmpty else { return nil }
    return RecordedPace(
      merges.map { merge in
        let usual = costs.mergeSeconds(readByteCount: Int(merge.byteCount), writtenByteCount: 0)
        let factor = usual > 0 ? min(merge.elapsedSeconds / usual, RecordedPace.factorMax) : 1
        return RecordedPace.Merge(
          startSeconds: merge.askedAtSeconds, factor: factor,
          stallSeconds: max(0, merge.elapsedSeconds - usual * factor),
          restSeconds: merge.restSeconds)
      })
  }
}

/// What a merge of a trace took.
struct TimedMergeJob: Hashable, Sendable {
  let byteCount: Double
  let processorSeconds: Double
  /// From the beginning of the trace.
  let askedAtSeconds: Double
  let elapsedSeconds: Double
  var restSeconds: Double
}

/// Puts together what the events of a trace say of the same merge.
private struct MergeTimes {
  private struct Place: Hashable {
    let tablet: TabletID
    let kind: CompactionKind
    let versions: VersionRange
  }

  /// When the trace begins.
  let epoch: Timestamp
  private(set) var merges: [TimedMergeJob] = []
  /// When each range was asked for last, and when its output could be read.
  private var askedAt: [Place: Timestamp] = [:]
  private var visibleAt: [Place: Timestamp] = [:]
  /// The last merge of each kind, until the policy has been asked about its slot.
  private var ended: [CompactionKind: (merge: Int, visibleAt: Timestamp, finishedAt: Timestamp)] =
    [:]

  init(epoch: Timestamp) { self.epoch = epoch }

  mutating func note(_ event: TraceEvent) {
    switch event {
    case .tablet, .load: return
    case .merge(let tablet, let merge):
      visibleAt[Place(tablet: tablet, kind: merge.kind, versions: merge.output.versions)] =
        merge.visibleAt
    case .ask(let tablet, let question):
      for (kind, last) in ended where question.allowedKinds.contains(kind) {
        guard question.now >= last.finishedAt else { continue }
        merges[last.merge].restSeconds = question.now.seconds(since: last.visibleAt)
        ended[kind] = nil
      }
      guard case .compact(let picks, _) = question.decision else { return }
      for pick in picks {
        askedAt[Place(tablet: tablet, kind: pick.kind, versions: pick.versions)] = question.now
      }
    case .job(let tablet, let job): note(job, of: tablet)
    }
  }

  private mutating func note(_ job: TracedJob, of tablet: TabletID) {
    guard case .written = job.result else { return }
    let place = Place(tablet: tablet, kind: job.kind, versions: job.versions)
    let asked = min(askedAt.removeValue(forKey: place) ?? job.startedAt, job.startedAt)
    // A recorder may notice late what it is not told of.
    let visible = min(visibleAt.removeValue(forKey: place) ?? job.finishedAt, job.finishedAt)
    ended[job.kind] = (merges.count, visible, job.finishedAt)
    merges.append(
      TimedMergeJob(
        byteCount: Double(job.inputByteCount),
        processorSeconds: Double(job.cpuMicroseconds) / 1e6,
        askedAtSeconds: asked.seconds(since: epoch),
        elapsedSeconds: max(0, visible.seconds(since: asked)),
        restSeconds: job.finishedAt.seconds(since: visible)))
  }
}
