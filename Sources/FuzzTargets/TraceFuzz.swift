import CompactionPolicies
import PolicyLab
import StorageBase
import TabletModel

/// Traces of runs, which come from other machines and importers.
enum TraceFuzz {
  private static let byteCountMax = 1 << 16

  /// What is read is written and read again, looked through in every way there is, and shown to
  /// some policies.
  static func run(_ input: [UInt8]) throws {
    guard input.count <= byteCountMax else { return }
    let trace = try CompactionTrace(parsing: input, file: "fuzz.trace")
    let again = try CompactionTrace(parsing: Array(trace.text.utf8), file: "again.trace")
    precondition(again == trace, "a trace that is written reads as another")
    let workload = try TracedWorkload(of: trace)
    precondition(workload.byteCount >= 0)
    let figures = try TracedFigures(of: trace)
    precondition(figures.loadCount <= workload.loads.count)
    for spec in ["gradient", "num-based", "universal", "clickhouse"] {
      let policy = try PolicyCatalogue.shipped.policy(spec).policy
      let agreement = try TraceAgreement(of: trace, with: policy)
      for difference in agreement.differences { precondition(!difference.found.isEmpty) }
    }
  }

  /// Short runs under several policies, in virtual time.
  static func seeds() throws -> [[UInt8]] {
    try ["gradient:min_deltas=2", "num-based:min_deltas=2", "tiered:t=2"].map { spec in
      var events: [TraceEvent] = []
      var model = TimedModel()
      model.arrivals = .constant(perSecond: 10)
      _ = try model.run(
        PolicyCatalogue.shipped.policy(spec).policy, loadCount: 9,
        observer: TimedObserver(sampleSeconds: .infinity, onTrace: { events.append($0) }))
      let trace = CompactionTrace(
        origin: TraceOrigin(source: "timed", policy: spec, seed: 1), events: events)
      return Array(trace.text.utf8)
    }
  }
}
