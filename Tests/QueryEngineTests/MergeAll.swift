import StorageBase
import TabletModel

/// Merges all rowsets as soon as there are two.
struct MergeAll: CompactionPolicy {
  var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "single run", granularity: "whole tablet", movement: "n/a")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    let components = facts.components
    guard components.count > 1, facts.inFlight.isEmpty, let first = components.first,
      let last = components.last
    else { return .wait(until: nil, because: "nothing to merge") }
    let range = VersionRange(first.versions.first, last.versions.last)
    return .compact(
      [CompactionPick(kind: .cumulative, versions: range, urgency: 1)], because: "all")
  }
}
