import StorageBase
import TabletModel
import Testing

/// Offers among replicas of few versions: every way to cut them, every merge, every difference.
@Suite struct CompactionOfferTests {
  private static let lastVersion: Int64 = 6

  /// The ends of rowsets from version 2 on, in every way.
  private static let cuts: [[Int64]] = (0..<1 << (lastVersion - 2)).map { bits in
    (2..<lastVersion).filter { bits >> ($0 - 2) & 1 == 1 } + [lastVersion]
  }

  private static func ranges(_ ends: [Int64]) -> [VersionRange] {
    FollowingRulesTests.rowsets(endingAt: ends).map(\.versions)
  }

  /// All merges of neighbours among some rowsets.
  private static func merges(of rowsets: [VersionRange]) -> [[VersionRange]] {
    rowsets.indices.flatMap { first in
      rowsets.indices.filter { $0 > first }.map { Array(rowsets[first...$0]) }
    }
  }

  @Test func anOfferFitsWholeRunsOnly() {
    for theirs in Self.cuts {
      for inputs in Self.merges(of: Self.ranges(theirs)) {
        let offer = FollowingRulesTests.offer(inputs)
        for mine in Self.cuts {
          let own = FollowingRulesTests.rowsets(endingAt: mine)
          let starts = own.map(\.versions.first)
          let ends = own.map(\.versions.last)
          let run = own.map(\.versions).filter { offer.versions.contains($0) }
          let isWhole =
            starts.contains(offer.versions.first) && ends.contains(offer.versions.last)
            && run.count > 1
          let fit = offer.fit(own)
          #expect((fit != nil) == isWhole, "\(inputs) on \(run)")
          if isWhole { #expect(fit == (run == inputs ? .sameRowsets : .sameVersions)) }
        }
      }
    }
  }

  /// A replica that has another load as one of its versions takes over no merge that has it.
  @Test func noMergeOfOtherRowsIsTakenOver() {
    for odd in 2...Self.lastVersion {
      for theirs in Self.cuts {
        for inputs in Self.merges(of: Self.ranges(theirs)) {
          let offer = Self.offer(inputs, odd: nil)
          let contains = offer.versions.first <= Version(odd) && Version(odd) <= offer.versions.last
          for mine in Self.cuts {
            let own = Self.ranges(mine).filter { offer.versions.contains($0) }
            let isTaken = Self.isTaken(offer, by: own.map { Self.fingerprint($0, odd: odd) })
            #expect(isTaken == (own == inputs && !contains), "\(inputs) on \(own), odd \(odd)")
          }
        }
      }
    }
  }

  @Test func everyDifferenceIsSeen() {
    let inputs = [VersionRange(2, 2), VersionRange(3, 4)]
    let offer = Self.offer(inputs, odd: nil)
    let own = inputs.map { Self.fingerprint($0, odd: nil) }
    #expect(Self.isTaken(offer, by: own))
    #expect(throws: FetchRefusal.otherDefinition) {
      try offer.requireSameInputs(own, definition: offer.definition + 1)
    }
    let changes: [(inout RowsetFingerprint) -> Void] = [
      { $0.deletions += 1 }, { $0.segments[0].byteCount += 1 }, { $0.segments[0].checksum += 1 },
      { $0.segments[0].hash += 1 }, { $0.segments = [] }, { $0.segments.append($0.segments[0]) },
    ]
    for place in inputs.indices {
      for change in changes {
        var other = own
        change(&other[place])
        #expect(!Self.isTaken(offer, by: other), "\(other)")
      }
    }
    #expect(!Self.isTaken(offer, by: own.reversed()))
    #expect(!Self.isTaken(offer, by: Array(own.prefix(1))))
  }

  private static func isTaken(_ offer: CompactionOffer, by own: [RowsetFingerprint]) -> Bool {
    do {
      try offer.requireSameInputs(own, definition: offer.definition)
      return true
    } catch {
      return false
    }
  }

  /// - Parameter odd: a version that has another load than elsewhere.
  private static func fingerprint(_ range: VersionRange, odd: Int64?) -> RowsetFingerprint {
    var hash = mixBits(UInt64(range.count))
    for version in range.first.rawValue...range.last.rawValue {
      hash = mixBits(hash ^ UInt64(version) ^ (version == odd ? 1 << 40 : 0))
    }
    return RowsetFingerprint(
      versions: range, segments: [FileFingerprint(byteCount: 10, checksum: 1, hash: hash)])
  }

  private static func offer(_ inputs: [VersionRange], odd: Int64?) -> CompactionOffer {
    CompactionOffer(
      id: CompactionOffer.ID(epoch: 1, ordinal: 1), kind: .cumulative, definition: 7,
      inputs: inputs.map { fingerprint($0, odd: odd) },
      versions: VersionRange(inputs[0].first, inputs[inputs.count - 1].last), rowCount: 1,
      segments: [], isLinked: false)
  }
}
