import StorageBase
import TabletModel

/// Which rowsets take the place of a damaged one.
///
/// A rowset that compaction made holds the rows of its inputs, and these are kept for a while, so
/// the versions of the damaged rowset may be put together from others. Of all ways through its
/// versions the one with the most rows that can be read is taken; of equal ones the one with the
/// fewest rowsets to write anew, then the one with the fewest rowsets.
struct RepairPlan {
  /// One rowset that could be on the way.
  struct Candidate {
    let entry: RowsetEntry
    let rowCount: Int
    let isSound: Bool
  }

  private struct Way {
    var rowCount = 0
    var rewriteCount = 0
    var path: [Candidate] = []

    func appending(_ candidate: Candidate) -> Way {
      Way(
        rowCount: rowCount + candidate.rowCount,
        rewriteCount: rewriteCount + (candidate.isSound ? 0 : 1), path: path + [candidate])
    }

    func isBetter(than other: Way) -> Bool {
      (rowCount, -rewriteCount, -path.count)
        > (other.rowCount, -other.rewriteCount, -other.path.count)
    }
  }

  /// The best way through `versions`; O(candidates squared), since ways are copied.
  /// - Parameter candidates: in a settled order; those that reach beyond `versions` are left out.
  /// - Precondition: one of them has exactly these versions.
  static func bestWay(
    through versions: VersionRange, _ candidates: [Candidate]
  ) -> [Candidate] {
    var ways = [versions.first: Way()]
    let inside = candidates.filter { versions.contains($0.entry.summary.versions) }
    // Every rowset leads onwards, so a way to its start is final when it is looked at.
    let ordered = inside.sorted { a, b in
      let (x, y) = (a.entry.summary.versions, b.entry.summary.versions)
      return (x.first, x.last, a.entry.id) < (y.first, y.last, b.entry.id)
    }
    for candidate in ordered {
      let range = candidate.entry.summary.versions
      guard let way = ways[range.first]?.appending(candidate) else { continue }
      let next = range.last.next
      if ways[next].map({ way.isBetter(than: $0) }) ?? true { ways[next] = way }
    }
    guard let best = ways[versions.last.next] else {
      preconditionFailure("the damaged rowset itself is a way")
    }
    return best.path
  }
}
