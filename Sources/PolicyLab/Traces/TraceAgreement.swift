import StorageBase
import TabletModel

/// Whether a policy, given the recorded facts, decides as was recorded: since a policy is a pure
/// function, the one that was asked does, whatever ran it.
public struct TraceAgreement: Hashable, Sendable {
  /// A decision or a cumulative point that is another one.
  public struct Difference: Hashable, Sendable {
    /// The number of the event, from 0 on.
    public let event: Int
    public let tablet: TabletID
    public let recorded: String
    public let found: String
  }

  public private(set) var questionCount = 0
  /// Questions that led to picks.
  public private(set) var pickingCount = 0
  /// Cumulative points after merges of recorded picks.
  public private(set) var pointCount = 0
  public private(set) var differences: [Difference] = []

  /// - Throws: `JSONMismatch` for events that do not fit each other, as a trace that was read does
  ///   not have.
  public init(of trace: CompactionTrace, with policy: any CompactionPolicy) throws {
    var picks: [PlacedPick: TabletFacts] = [:]
    var number = 0
    try trace.walk { event, state in
      defer { number += 1 }
      switch event {
      case .ask(let tablet, let question):
        guard let facts = state.facts(of: question, tablet: tablet) else { return }
        questionCount += 1
        if case .compact(let chosen, _) = question.decision {
          pickingCount += 1
          for pick in chosen { picks[PlacedPick(tablet: tablet, pick: pick)] = facts }
        }
        let decision = policy.decide(facts)
        note(number, tablet, question.decision.description, decision.description)
      case .merge(let tablet, let merge):
        // The newest question about this range is the one that was carried out.
        let place = PlacedPick(
          tablet: tablet, kind: merge.kind, versions: merge.output.versions)
        guard let facts = picks.removeValue(forKey: place), let now = state.tablets[tablet] else {
          return
        }
        pointCount += 1
        let pick = CompactionPick(kind: merge.kind, versions: merge.output.versions, urgency: 0)
        let point = policy.cumulativePoint(after: pick, output: merge.output, in: facts)
        note(
          number, tablet, "point \(merge.cumulativePoint)",
          "point \(max(point, now.cumulativePoint))")
      case .tablet, .load, .job: return
      }
    }
  }

  private mutating func note(
    _ event: Int, _ tablet: TabletID, _ recorded: String, _ found: String
  ) {
    guard recorded != found else { return }
    differences.append(
      Difference(event: event, tablet: tablet, recorded: recorded, found: found))
  }
}

/// A pick of one tablet, whatever its urgency.
private struct PlacedPick: Hashable {
  let tablet: TabletID
  let kind: CompactionKind
  let versions: VersionRange

  init(tablet: TabletID, kind: CompactionKind, versions: VersionRange) {
    self.tablet = tablet
    self.kind = kind
    self.versions = versions
  }

  init(tablet: TabletID, pick: CompactionPick) {
    self.init(tablet: tablet, kind: pick.kind, versions: pick.versions)
  }
}

extension CompactionDecision {
  /// All of it, on one line.
  public var description: String {
    switch self {
    case .compact(let picks, let reason):
      let list = picks.map { "\($0) urgency \($0.urgency)" }.joined(separator: ", ")
      return "compact \(list.isEmpty ? "nothing" : list) because \(reason)"
    case .wait(let until, let reason):
      return "wait\(until.map { " until \($0.rawValue)" } ?? "") because \(reason)"
    }
  }
}
