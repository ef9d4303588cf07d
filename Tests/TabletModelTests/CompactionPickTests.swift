import StorageBase
import TabletModel
import Testing

private let epoch = Timestamp(rawValue: 0)

/// Rowsets that end at these versions, the first one from 0.
private func rowsets(endingAt ends: [Int64], overlapping: Set<Int> = []) -> [RowsetSummary] {
  ends.indices.map { index in
    let first = index == 0 ? 0 : ends[index - 1] + 1
    return RowsetSummary(
      versions: VersionRange(first, ends[index]), byteCount: 1,
      segmentCount: overlapping.contains(index) ? 3 : 1,
      segmentsOverlap: overlapping.contains(index), createdAt: epoch)
  }
}

@Suite struct CompactionPickTests {
  /// Every tablet of 5 versions (each cut into rowsets or not, each rowset overlapping or not) with
  /// no job or one, and every pick: it is accepted exactly if it consists of whole rowsets, away
  /// from the job, with something to merge.
  @Test func validationOfAllSmallWorlds() throws {
    let ranges = (Int64(0)...4).flatMap { first in
      (first...4).map { VersionRange(first, $0) }
    }
    var accepted = 0
    for cuts in 0..<16 {
      let ends = (Int64(0)...4).filter { $0 == 4 || cuts & (1 << $0) != 0 }
      for flags in 0..<(1 << ends.count) {
        let overlapping = Set(ends.indices.filter { flags & (1 << $0) != 0 })
        let all = rowsets(endingAt: ends, overlapping: overlapping)
        for job in [nil] + ranges.map(Optional.some) {
          let facts = TabletFacts(
            rowsets: all, cumulativePoint: Version(0), inFlight: job.map { [$0] } ?? [],
            now: epoch)
          for range in ranges {
            let pick = CompactionPick(kind: .cumulative, versions: range, urgency: 1)
            let inputs = try? pick.validated(against: facts)
            let versions = (range.first.rawValue...range.last.rawValue).map(Version.init(_:))
            let members = all.filter { rowset in
              versions.contains { rowset.versions.first <= $0 && $0 <= rowset.versions.last }
            }
            let isWhole = members.reduce(0) { $0 + $1.versions.count } == range.count
            let isFree = job.map { !$0.overlaps(range) } ?? true
            let isUseful = members.count > 1 || members[0].segmentsOverlap
            #expect((inputs != nil) == (isWhole && isFree && isUseful))
            if let inputs { #expect(inputs == members) }
            accepted += inputs == nil ? 0 : 1
          }
        }
      }
    }
    #expect(accepted > 1000)
  }

  @Test func refusalsSayWhy() {
    let facts = TabletFacts(
      rowsets: rowsets(endingAt: [1, 2, 3, 4]), cumulativePoint: Version(2),
      inFlight: [VersionRange(4, 4)], now: epoch, allowedKinds: [.cumulative])
    func refusal(_ kind: CompactionKind, _ versions: VersionRange) -> String? {
      let pick = CompactionPick(kind: kind, versions: versions, urgency: 0)
      do { _ = try pick.validated(against: facts) } catch { return "\(error)" }
      return nil
    }
    #expect(refusal(.cumulative, VersionRange(2, 3)) == nil)
    #expect(refusal(.base, VersionRange(0, 2)) == "base [0-2]: no slot of this kind is free")
    #expect(
      refusal(.cumulative, VersionRange(2, 4))
        == "cumulative [2-4]: overlaps a compaction that is running")
    #expect(
      refusal(.cumulative, VersionRange(1, 3))
        == "cumulative [1-3]: does not begin and end at rowset borders")
    #expect(
      refusal(.cumulative, VersionRange(2, 2))
        == "cumulative [2-2]: a single sorted rowset, rewriting it is no use")
  }

  @Test func mergingTakesTheScoreAsUrgency() {
    let all = rowsets(endingAt: [1, 2, 3], overlapping: [1])
    let pick = CompactionPick.merging(all, kind: .full)
    #expect(pick.versions == VersionRange(0, 3) && pick.urgency == 5)
  }

  /// The worked example of the Doris manual ("compaction principles"): 1 + 2 + 1 = 4.
  @Test func scoreFollowsDoris() {
    func rowset(_ segments: Int, overlapping: Bool) -> RowsetSummary {
      RowsetSummary(
        versions: VersionRange(2, 2), byteCount: 0, segmentCount: segments,
        segmentsOverlap: overlapping, createdAt: epoch)
    }
    let manual = [
      rowset(3, overlapping: false), rowset(2, overlapping: true), rowset(1, overlapping: false),
    ]
    #expect(manual.map(\.score) == [1, 2, 1] && manual.totalScore == 4)
    let empty = rowset(0, overlapping: false)
    #expect(empty.score == 1 && empty.runCount == 0 && empty.isEmpty)
    #expect(manual.map(\.runCount) == [1, 2, 1])
    #expect(![rowset(3, overlapping: false)].isWorthMerging)
    #expect([rowset(2, overlapping: true)].isWorthMerging && [empty, empty].isWorthMerging)
  }
}

@Suite struct CompactionDecisionTests {
  @Test func combination() {
    func at(_ seconds: Double) -> Timestamp { epoch.advanced(bySeconds: seconds) }
    let one = CompactionPick(kind: .cumulative, versions: VersionRange(2, 3), urgency: 2)
    let other = CompactionPick(kind: .base, versions: VersionRange(0, 1), urgency: 1)
    let merge = CompactionDecision.compact([one], because: "a")
    let idle = CompactionDecision.wait(until: nil, because: "b")
    #expect(merge.combined(with: idle) == merge && idle.combined(with: merge) == merge)
    #expect(
      merge.combined(with: .compact([other], because: "c"))
        == .compact([one, other], because: "a; c"))
    #expect(
      CompactionDecision.wait(until: at(2), because: "a")
        .combined(with: .wait(until: at(1), because: "b"))
        == .wait(until: at(1), because: "a; b"))
    #expect(
      idle.combined(with: .wait(until: at(1), because: "c"))
        == .wait(until: at(1), because: "b; c"))
    #expect(idle.combined(with: idle) == .wait(until: nil, because: "b; b"))
  }
}
