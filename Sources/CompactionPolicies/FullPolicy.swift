import StorageBase
import TabletModel

/// Merges everything into one rowset whenever there are more than `k` sorted runs.
///
/// The ceiling of write amplification: with k = 1 the n-th load rewrites all before it, so bytes
/// written grow with the square of the data. The merge is Doris's full compaction, which takes
/// every rowset from version 0 on.
public struct FullPolicy: CataloguedPolicy {
  public static let name = "full"
  public static let summary = "merges the whole tablet whenever it has more than k runs"
  public static let source = "baseline; full_compaction.cpp of Apache Doris"

  let runCountMax: Int

  public init(_ parameters: inout PolicyParameters) {
    runCountMax = parameters.integer(
      "k", default: 1, in: 1...Limits.tabletVersionCountMax, "sorted runs left alone")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "single run", granularity: "whole tablet", movement: "n/a")
  }

  public func decide(_ facts: TabletFacts) -> CompactionDecision {
    // The empty rowset a tablet is born with costs readers nothing. Later ones count even if they
    // are empty: a stream of empty loads must not fill the read path.
    let bornEmpty = facts.rowsets.first?.isEmpty == true
    let runs = facts.rowsets.dropFirst(bornEmpty ? 1 : 0).totalScore
    guard let first = facts.rowsets.first, let last = facts.rowsets.last, runs > runCountMax else {
      return .wait(until: nil, because: "run count \(runs), limit \(runCountMax)")
    }
    guard facts.allowedKinds.contains(.full), facts.inFlight.isEmpty else {
      return .wait(until: nil, because: "run count \(runs), but no full compaction can start now")
    }
    let pick = CompactionPick(
      kind: .full, versions: VersionRange(first.versions.first, last.versions.last),
      urgency: Double(runs))
    return .compact([pick], because: "run count \(runs), limit \(runCountMax)")
  }

  public func cumulativePoint(
    after pick: CompactionPick, output: RowsetSummary, in facts: TabletFacts
  ) -> Version { output.versions.last.next }
}
