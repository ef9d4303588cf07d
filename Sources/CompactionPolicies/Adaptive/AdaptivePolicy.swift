import StorageBase
import TabletModel

/// Adaptive: plans merges so that they and the queries of the time ahead cost least together, and
/// plans anew whenever something has changed.
///
/// It knows from the traffic of the tablet how often loads and queries come and how large loads
/// are, and what merging a byte and reading a rowset cost; what nobody has observed is taken from
/// the parameters. The time ahead is taken to be as long as the tablet has been loaded so far: if
/// nothing is known about an end, it is as likely to come within that time as after it.
///
/// So there is nothing to tune: no number of runs, no ratio of sizes. More queries make it merge
/// more, and none make it merge only what the limit of rowsets demands. At that limit the price of
/// a rowset rises until a merge is worth it. A merge is charged with the loads that pile up on the
/// tablets which wait for it, so that long ones are not made where slots are few and reads many;
/// and the longer no load has come, the longer the next one is taken to be away, so that pauses are
/// used.
public struct AdaptivePolicy: StackPolicy {
  public static let name = "adaptive"
  public static let summary = "plans merges by what queries and merges cost, as observed"
  public static let source =
    "Sediment; planning as in EcoTune (Wang et al., SIGMOD 2025), decisions by the offline optimum"

  /// Used where they have not been observed.
  let costs: WorkCosts
  let queriesPerLoad: Double
  let rowsetCountMax: Int

  public init(_ parameters: inout PolicyParameters) {
    let milliseconds = parameters.number(
      "merge_ms", default: 2, in: 0...1e6, "processor time of a merge, unless observed")
    let speed = parameters.number(
      "merge_mib_s", default: 200, in: 0.001...1e6, "speed of merging, unless observed")
    let microseconds = parameters.number(
      "component_us", default: 100, in: 0...1e9,
      "what a query pays for a rowset, unless observed")
    costs = WorkCosts(
      secondsPerMerge: milliseconds / 1e3, secondsPerByteMerged: 1 / (speed * Double(1 << 20)),
      secondsPerComponentRead: microseconds / 1e6)
    queriesPerLoad = parameters.number(
      "queries_per_load", default: 10, in: 0...1e9, "queries between two loads, unless observed")
    rowsetCountMax = parameters.integer(
      "max_rowsets", default: 100, in: 2...100_000, "most rowsets, however cheap reads are")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "cost of reads and merges", layout: "as planned", granularity: "suffix",
      movement: "n/a")
  }

  public var worksBesideMerges: Bool { true }

  /// Reads that it saves in a second, for each second that it takes: jobs that bring most for their
  /// time go first (Smith's rule, Naval Research Logistics Quarterly 3, 1956). Above the limit of
  /// rowsets it is at least the number of those that are too many.
  public func urgency(of range: Range<Int>, in stack: RowsetStack) -> Double {
    let costs = stack.traffic?.costs ?? self.costs
    let queries = stack.traffic?.queriesPerSecond ?? queriesPerLoad
    let seconds =
      costs.secondsPerMerge
      + Double(stack.rowsets[range].totalByteCount) * costs.secondsPerByteMerged
    let saved = queries * costs.secondsPerComponentRead * Double(range.count - 1)
    return max(saved / max(seconds, 1e-9), Double(stack.count - limit(stack)))
  }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    guard stack.holdsNewest else { return .rest(because: "loads go on top of a running merge") }
    let load = LoadModel(stack, self)
    let sizes = stack.sizes.map { Double($0) / load.byteCount }
    func start(read: Double) -> Int? {
      var costs = load.costs
      costs.read = read
      return MergePlanner(costs, horizon: stack.loadCount).mergeStart(sizes)
    }
    if let start = start(read: load.costs.read) {
      return .merge(
        start..<stack.count,
        because: "\(stack.count - start) rowsets cost reads "
          + "\(load.percent(load.costs.read)) of a load each until the next one: merging them is "
          + "worth it for \(stack.loadCount) loads ahead")
    }
    let limit = limit(stack)
    guard stack.count > limit else {
      return .rest(
        until: load.patienceSeconds.map { stack.now.advanced(bySeconds: $0) },
        because: "reads pay \(load.percent(load.costs.read)) of a load for a rowset until the next "
          + "one: it is cheaper to wait")
    }
    var price = max(load.costs.read, Self.leastPrice)
    while price < Self.greatestPrice {
      price *= 2
      guard let start = start(read: price) else { continue }
      return .merge(
        start..<stack.count,
        because: "\(stack.count) rowsets, at most \(limit): merging pays at "
          + "\(load.percent(price)) of a load for a rowset")
    }
    return .merge(0..<stack.count, because: "\(stack.count) rowsets, at most \(limit)")
  }

  /// Half of the rowsets at which loads are refused, if that is less: there must be time to merge.
  private func limit(_ stack: RowsetStack) -> Int {
    min(rowsetCountMax, stack.traffic?.versionLimit.map { max(2, $0 / 2) } ?? .max)
  }

  /// In loads. Beyond the greatest, all merges of the usual sizes are worth it.
  private static let leastPrice = 1.0 / 1024
  private static let greatestPrice = 1024.0 * 1024
}

/// What a tablet has to do between two loads.
private struct LoadModel {
  let byteCount: Double
  let costs: PlanningCosts
  /// When to think again though no load has come; nil where nothing is known of time.
  let patienceSeconds: Double?

  init(_ stack: RowsetStack, _ policy: AdaptivePolicy) {
    let traffic = stack.traffic.flatMap { $0.loadsPerSecond > 0 && $0.bytesPerLoad > 0 ? $0 : nil }
    let work = stack.traffic?.costs ?? policy.costs
    byteCount = max(1, traffic?.bytesPerLoad ?? Self.loadByteCount(stack))
    let unit = max(byteCount * work.secondsPerByteMerged, 1e-12)
    let queries = traffic.map { $0.queriesPerSecond / $0.loadsPerSecond } ?? policy.queriesPerLoad
    var costs = PlanningCosts(
      read: queries * work.secondsPerComponentRead / unit, merge: work.secondsPerMerge / unit)
    if let traffic {
      costs.pace = traffic.loadsPerSecond * unit * work.elapsedPerProcessorSecond
      costs.waitingTablets = traffic.tabletsPerSlot
      costs.silence = max(1, traffic.secondsSinceLoad * traffic.loadsPerSecond)
    }
    self.costs = costs
    patienceSeconds = traffic.map { max($0.secondsSinceLoad, 1 / $0.loadsPerSecond) }
  }

  /// The mean size of the loads that have not been merged, if there are such.
  private static func loadByteCount(_ stack: RowsetStack) -> Double {
    let loads = stack.rowsets.filter { $0.mergeDepth == 0 && !$0.isEmpty }
    guard !loads.isEmpty else { return Double(stack.loadByteCount) }
    return Double(loads.totalByteCount) / Double(loads.count)
  }

  func percent(_ value: Double) -> String { "\(Int((min(value, 1e12) * 100).rounded(.up)))%" }
}
