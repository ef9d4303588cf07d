import PolicyLab
import StorageBase
import TabletEngine
import TabletModel

/// How the tablets of a store stand, in the terms of a policy.
struct TabletGauges {
  private struct Tablet {
    let components: Int
    let score: Double
    let debtBytes: Int
    let byteCount: Int
  }

  private let tablets: [Tablet]

  init(_ store: Store, policy: any CompactionPolicy, at now: Timestamp) {
    tablets = store.snapshot().flatMap(\.tablets).map { tablet in
      let facts = tablet.state.facts(
        now: now, allowedKinds: Set(CompactionKind.allCases), inFlight: [],
        keysModel: .duplicate, entropy: 0)
      var score = 0.0
      if case .compact(let picks, _) = policy.decide(facts) {
        score = picks.map(\.urgency).max() ?? 0
      }
      return Tablet(
        components: tablet.state.componentCount, score: score,
        debtBytes: CompactionDebt.byteCount(of: facts, under: policy),
        byteCount: tablet.byteCount + tablet.staleByteCount)
    }
  }

  var componentsMean: Double? { Self.mean(tablets.map { Double($0.components) }) }
  var componentsMax: Int? { tablets.map(\.components).max() }
  var scoreMean: Double? { Self.mean(tablets.map(\.score)) }
  var scoreMax: Double? { tablets.map(\.score).max() }
  var debtBytes: Int { tablets.reduce(0) { $0 + $1.debtBytes } }
  /// Replaced rowsets that are still on disk included.
  var byteCount: Int { tablets.reduce(0) { $0 + $1.byteCount } }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
