import StorageBase
import TabletModel

/// What came from outside in a trace: the tablets as they were, and the loads. What compaction made
/// of them is left out, so that another policy can be tried.
public struct TracedWorkload: Hashable, Sendable {
  /// A load of one tablet.
  public struct Load: Hashable, Sendable {
    /// From the beginning of the trace, when it became visible.
    public let seconds: Double
    /// Its place among `tablets`.
    public let tablet: Int
    public let rowset: RowsetSummary
  }

  /// When the trace begins.
  public private(set) var epoch: Timestamp
  public private(set) var tablets: [TabletID] = []
  /// Of each tablet, when the trace first speaks of it.
  public private(set) var starts: [TracedTablet] = []
  /// In the order of time; those of one tablet in the order of their versions.
  public private(set) var loads: [Load] = []
  /// By tablet, when its last load came.
  private var newest: [Int: Double] = [:]

  /// Where a trace restates a tablet, what is new in it counts as loads.
  /// - Throws: `JSONMismatch` for events that do not fit each other, as a trace that was read does
  ///   not have.
  public init(of trace: CompactionTrace) throws {
    epoch = Timestamp(rawValue: 0)
    if case .tablet(_, _, let at)? = trace.events.first { epoch = at }
    var places: [TabletID: Int] = [:]
    try trace.walk { event, state in
      switch event {
      case .tablet(let id, let tablet, _):
        guard let place = places[id] else {
          places[id] = tablets.count
          tablets.append(id)
          starts.append(tablet)
          return
        }
        let known = state.tablets[id]?.endVersion ?? Version(0)
        for rowset in tablet.rowsets where rowset.versions.first >= known {
          add(rowset, to: place, at: rowset.createdAt)
        }
      case .load(let id, let rowset, let visibleAt):
        if let place = places[id] { add(rowset, to: place, at: visibleAt) }
      case .merge, .ask, .job: break
      }
    }
    // A sort that keeps the order of equal times: the versions of a tablet stay in order.
    loads = loads.enumerated().sorted {
      ($0.element.seconds, $0.offset) < ($1.element.seconds, $1.offset)
    }.map(\.element)
  }

  /// The loads of a model, as its seed makes them: `TimedModel.run` has the same at the same
  /// times. Those of a closed system are all due at once.
  /// - Parameter rowCount: the rows of a load of so many bytes.
  public init(of model: TimedModel, loadCount: Int, rowCount: (Int) -> Int) {
    epoch = model.epoch
    tablets = (0..<model.tabletCount).map { TabletID(rawValue: UInt64($0)) }
    var source = LoadStream(model)
    var versions = [Version](repeating: Version.initial.next, count: model.tabletCount)
    for number in 0..<loadCount {
      guard let seconds = source.clock.next() else { break }
      let byteCount = source.sizer.next()
      let tablet = model.placement.place(of: number, tabletCount: model.tabletCount).tablet
      let version = versions[tablet]
      versions[tablet] = version.next
      loads.append(
        Load(
          seconds: seconds, tablet: tablet,
          rowset: RowsetSummary(
            versions: VersionRange(version, version), byteCount: byteCount,
            rowCount: rowCount(byteCount), segmentCount: 1,
            createdAt: epoch.advanced(bySeconds: seconds))))
    }
  }

  private mutating func add(_ rowset: RowsetSummary, to place: Int, at time: Timestamp) {
    // Where nobody knows when it became visible it may have been made before another.
    let seconds = max(newest[place] ?? 0, time.seconds(since: epoch))
    newest[place] = seconds
    loads.append(Load(seconds: seconds, tablet: place, rowset: rowset))
  }

  public var byteCount: Int { loads.reduce(0) { $0 + $1.rowset.byteCount } }
}

extension TimedModel {
  /// Takes tablets, loads and their times from a trace. Recorded times are those at which loads
  /// became visible, so loads take no time here.
  public mutating func replay(_ workload: TracedWorkload) {
    arrivals = .trace(workload.loads.map(\.seconds))
    sizes = .trace(workload.loads.map(\.rowset.byteCount))
    placement = .trace(
      workload.loads.map {
        PlacedLoad(
          tablet: $0.tablet, rowCount: $0.rowset.rowCount,
          segmentCount: $0.rowset.segmentsOverlap ? $0.rowset.segmentCount : 1)
      })
    tabletCount = max(1, workload.tablets.count)
    startingTablets = workload.starts
    keysModel = workload.starts.first?.keysModel ?? .duplicate
    epoch = workload.epoch
    costs.secondsPerLoad = 0
    costs.loadBytesPerSecond = .infinity
  }
}
