import StorageBase
import TabletModel

/// A system of tablets, writers and merges in virtual time: what a policy costs where merges take
/// time, loads come as they please, and writers have to wait.
///
/// 1. Loads are due when the arrival process says so, go to the tablets in turn unless placed, and
///    wait for a free writer. A writer waits for its tablet as the back-pressure says, gives up
///    after its patience, and else takes the time of the cost model; then the load is published as
///    a new version.
/// 2. After a change the policies of the tablets concerned are asked, at once or when the scheduler
///    scans. The scheduler says which of their picks starts; the rest are asked for again when a
///    merge has ended.
/// 3. Merges share the bandwidth as the scheduler says. Between events rates are constant, so that
///    all times follow exactly (a fluid model).
/// 4. Queries do not slow anything; each pays for the components there are, so what they cost is an
///    integral over time.
/// 5. Policies are told what comes and goes, as a meter sees it that forgets with time.
///
/// The same model and seed give the same run, to the last digit, on every machine.
public struct TimedModel: Hashable, Sendable {
  public var arrivals = ArrivalProcess.poisson(perSecond: 20)
  public var sizes = LoadSizes.constant(byteCount: 1 << 20)
  public var placement = LoadPlacement.inTurn
  public var overlap = KeyOverlap.none
  /// What rowsets have for their rows, so that merges of small ones make them smaller; nil if
  /// outputs are as large as inputs, but for keys that overlap.
  public var rowsetSizes: RowsetSizes?
  public var queries = QueryProcess.none
  public var tabletCount = 1
  /// The tablets as they are at the beginning, `tabletCount` of them; empty for new ones.
  public var startingTablets: [TracedTablet] = []
  /// What the clock shows at the beginning.
  public var epoch = Timestamp(rawValue: 0)
  public var writerCount = 4
  public var versionLimit = 500
  public var backPressure = BackPressure.smooth(SmoothSlowing())
  public var costs = CostModel()
  /// How times of merges go up and down; nil if they are what `costs` says all the time.
  public var pace: RecordedPace?
  /// How long a scheduler that has found nothing to do rests before it looks at loads again.
  public var restSeconds = 0.0
  public var scheduler = SchedulingRules()
  /// What the load of the machine is measured by: writers that load and merges that run, by this.
  public var processorCount = 4
  public var keysModel = KeysModel.duplicate
  public var seed: UInt64 = 1

  public init() {}

  /// Runs `policy` until `loadCount` loads have been published or refused, and on until no more
  /// merge can be started.
  /// - Throws: `PolicyFault` when the policy breaks its contract; what `observer` throws.
  /// - Complexity: a few events for each load and merge, each of which looks at all tablets,
  ///   writers and running merges once, beside the decisions of the policy.
  public func run(
    _ policy: any CompactionPolicy, loadCount: Int, observer: TimedObserver? = nil
  ) throws -> TimedRun {
    precondition(tabletCount >= 1 && writerCount >= 1, "tablets and writers are at least one")
    precondition(processorCount >= 1, "a machine has a processor")
    precondition(
      startingTablets.isEmpty || startingTablets.count == tabletCount, "a state for each tablet")
    precondition(versionLimit >= 2, "a tablet is born with a version")
    var simulation = TimedSimulation(self, policy, loadCount: loadCount, observer: observer)
    return try simulation.run()
  }
}
