import StorageBase
import TabletModel

/// What a policy would do if something were otherwise: the same question with other facts.
public struct WhatIf: Hashable, Sendable {
  /// What is otherwise.
  public let premise: String
  public let decision: CompactionDecision

  /// Loads after which it is given up that the policy will want something.
  private static let loadCountMax = 256

  /// The answers that differ from `decision`, which was given on `facts`.
  public static func answers(
    on facts: TabletFacts, of policy: any CompactionPolicy, decision: CompactionDecision
  ) -> [WhatIf] {
    var answers: [WhatIf] = []
    func ask(_ premise: String, _ changed: TabletFacts) {
      let answer = policy.decide(changed)
      if answer != decision { answers.append(WhatIf(premise: premise, decision: answer)) }
    }
    var free = facts
    free.allowedKinds = Set(CompactionKind.allCases)
    free.inFlight = []
    ask("if every slot were free and nothing running", free)
    if case .wait(let until?, _) = decision {
      var later = facts
      later.now = max(until, facts.now)
      ask("at the time it wants to be asked again", later)
    }
    if case .wait = decision, let answer = afterLoads(facts, policy) { answers.append(answer) }
    return answers
  }

  /// After the fewest further loads, each like the newest rowset, that make it want something.
  private static func afterLoads(
    _ facts: TabletFacts, _ policy: any CompactionPolicy
  ) -> WhatIf? {
    guard var load = facts.rowsets.last(where: { $0.versions.isSingleton && !$0.isEmpty }) else {
      return nil
    }
    var changed = facts
    load.createdAt = facts.now
    load.mergeDepth = 0
    for count in 1...loadCountMax {
      load.versions = VersionRange(changed.endVersion, changed.endVersion)
      changed.rowsets.append(load)
      let answer = policy.decide(changed)
      guard case .compact = answer else { continue }
      return WhatIf(
        premise: "after \(count) more load\(count == 1 ? "" : "s") like the newest one",
        decision: answer)
    }
    return nil
  }
}
