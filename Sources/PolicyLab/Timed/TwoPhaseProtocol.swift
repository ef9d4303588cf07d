import TabletModel

/// The two-phase protocol of Luo and Carey ("On performance stability in LSM-based storage
/// systems", PVLDB 13(4), 2019).
///
/// 1. *Testing*: a closed system, in which writers load as fast as they are let. What it takes
///    after a warm-up is its maximum rate.
/// 2. *Running*: an open system, in which loads are due at a constant rate of 95 % of that,
///    whether or not earlier ones are done. Time in the queue counts.
///
/// The maximum is worth something only if the second phase is stable: a closed system hides
/// stalls, since while it stalls nobody loads.
public struct TwoPhaseProtocol: Sendable {
  /// Its arrivals do not matter.
  public var model: TimedModel
  /// Of the testing phase; that of the model with fair shares unless told. A greedy scheduler can
  /// starve large merges for as long as a closed system keeps it busy, which is a maximum that
  /// nothing can keep up.
  public var testingScheduler: SchedulingRules
  /// Loads of each phase.
  public var loadCount: Int
  /// Part of the testing phase that is warm-up.
  public var warmUpShare = 0.25
  /// Part of the maximum rate that is offered in the running phase.
  public var rateShare = 0.95
  /// What the 99th percentile of loads may take in a stable system.
  public var latencyMaxSeconds = 10.0

  /// - Precondition: at least 100 loads, so that there is something left after the warm-up.
  public init(_ model: TimedModel, loadCount: Int) {
    precondition(loadCount >= 100, "two phases need 100 loads")
    self.model = model
    testingScheduler = model.scheduler
    testingScheduler.sharing = .fair
    self.loadCount = loadCount
  }

  /// Samples of the running phase.
  private static let sampleCount = 200.0

  /// Runs both phases.
  /// - Parameter keepGoing: called now and then; what it throws ends the run.
  /// - Throws: `PolicyFault` when the policy breaks its contract.
  public func run(
    _ policy: any CompactionPolicy, keepGoing: @escaping () throws -> Void = {}
  ) throws -> TwoPhaseResult {
    var testing = model
    testing.arrivals = .closed
    testing.scheduler = testingScheduler
    let observer = TimedObserver(sampleSeconds: .infinity, onMerge: { _ in try keepGoing() })
    let whole = try testing.run(policy, loadCount: loadCount, observer: observer)
    // The same seed makes the same beginning, so that a shorter run is the warm-up of the longer.
    let warmUpCount = Int(Double(loadCount) * warmUpShare)
    let warmUp = try testing.run(policy, loadCount: warmUpCount, observer: observer)
    let seconds = whole.seconds - warmUp.seconds
    let rate = seconds > 0 ? Double(whole.loadCount - warmUp.loadCount) / seconds : 0
    guard rate > 0 else { return TwoPhaseResult(testing: whole, ratePerSecond: 0, running: nil) }
    let running = try runOpen(policy, perSecond: rate * rateShare, keepGoing)
    return TwoPhaseResult(testing: whole, ratePerSecond: rate, running: running)
  }

  private func runOpen(
    _ policy: any CompactionPolicy, perSecond: Double, _ keepGoing: @escaping () throws -> Void
  ) throws -> TwoPhaseResult.Running {
    var open = model
    open.arrivals = .constant(perSecond: perSecond)
    var samples: [Backlog.Sample] = []
    var debts: [Int] = []
    var doneCount = 0
    let observer = TimedObserver(
      sampleSeconds: Double(loadCount) / perSecond / Self.sampleCount,
      onSample: { sample in
        doneCount += sample.loadCount + sample.rejectedCount
        samples.append(Backlog.Sample(seconds: sample.seconds, doneCount: doneCount))
        debts.append(sample.debtByteCount)
      }, onMerge: { _ in try keepGoing() })
    let run = try open.run(policy, loadCount: loadCount, observer: observer)
    let backlog = Backlog(samples, perSecond: perSecond, loadCount: loadCount)
    return TwoPhaseResult.Running(
      model: open, run: run, offeredPerSecond: perSecond, backlog: backlog,
      debtByteCountMax: debts.max() ?? 0,
      verdict: SustainVerdict(
        backlog, refusedCount: run.rejectedCount,
        latencySeconds: run.loadSeconds.quantile(0.99), latencyMaxSeconds: latencyMaxSeconds))
  }
}

/// What the two phases of a policy have shown.
public struct TwoPhaseResult: Sendable {
  /// The closed phase, warm-up included.
  public let testing: TimedRun
  /// Loads per second that the closed phase took after its warm-up.
  public let ratePerSecond: Double
  /// Nil if nothing was loaded in the first phase.
  public let running: Running?

  public struct Running: Sendable {
    public let model: TimedModel
    public let run: TimedRun
    public let offeredPerSecond: Double
    public let backlog: Backlog
    /// The most that the policy still would have written, of all samples.
    public let debtByteCountMax: Int
    public let verdict: SustainVerdict
  }
}
