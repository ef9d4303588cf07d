import CompactionPolicies
import StorageBase

/// What came out of a point of a sweep.
public enum SweepOutcome: Sendable {
  case flushes(CanonicalRun, debtByteCount: Int)
  case timed(TimedModel, TimedRun)
}

extension SweepPoint {
  /// Runs the point in virtual time, the same everywhere.
  /// - Precondition: it is to be simulated.
  /// - Parameter keepGoing: called now and then; what it throws ends the run.
  /// - Throws: `StorageError` for a spec that is not understood, `PolicyFault` when the policy
  ///   breaks its contract.
  public func run(
    catalogue: PolicyCatalogue = .shipped, keepGoing: @escaping () throws -> Void = {}
  ) throws -> (policy: ConfiguredPolicy, outcome: SweepOutcome) {
    precondition(mode == .simulated, "real files are somebody else's")
    let configured = try catalogue.policy(policy)
    switch model {
    case .flushes:
      var debt = 0
      let run = try canonicalModel().run(configured.policy, flushCount: loadCount) { run, tablet in
        try keepGoing()
        guard run.flushCount == loadCount else { return }
        debt = CompactionDebt.byteCount(of: tablet.facts, under: configured.policy)
      }
      return (configured, .flushes(run, debtByteCount: debt))
    case .timed:
      let model = try timedModel()
      // Samples would cost a debt each, merges come often enough to look up.
      let run = try model.run(
        configured.policy, loadCount: loadCount,
        observer: TimedObserver(sampleSeconds: .infinity, onMerge: { _ in try keepGoing() }))
      return (configured, .timed(model, run))
    }
  }
}
