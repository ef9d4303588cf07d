import StorageBase
import TabletModel

/// Bytes a policy would still write if loads stopped now: the policy is run on a copy of the
/// facts, with instant merges, until it wants nothing more. Defined for every policy, unlike the
/// pending-bytes estimates of leveled trees.
public enum CompactionDebt {
  /// Picks after which a policy that never rests is cut off.
  private static let pickCountMax = 10_000

  /// - Complexity: linear in rowsets times merges left to do.
  public static func byteCount(
    of facts: TabletFacts, under policy: any CompactionPolicy, overlap: KeyOverlap = .none,
    rowsetSizes: RowsetSizes? = nil
  ) -> Int {
    var tablet = SimulatedTablet(policy: policy, facts: facts, overlap: overlap)
    tablet.rowsetSizes = rowsetSizes
    var debt = 0
    for _ in 0..<pickCountMax {
      guard case .compact(let picks, _) = tablet.decide(entropy: facts.entropy) else { break }
      do {
        for pick in picks { debt += try tablet.apply(pick).byteCount }
      } catch {
        // A pick that cannot be carried out costs nothing, and would be refused for ever.
        break
      }
    }
    return debt
  }
}
