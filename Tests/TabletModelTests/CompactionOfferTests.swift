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

  /// All chains of two steps, on all cuts: what is expected are own rowsets, which together have
  /// the versions of the output.
  @Test func stepsLeadToOwnRowsets() {
    for theirs in Self.cuts {
      for inputs in Self.merges(of: Self.ranges(theirs)) {
        let last = Self.offer(inputs, odd: nil)
        for place in inputs.indices where inputs[place].count > 1 {
          let steps = (inputs[place].first.rawValue...inputs[place].last.rawValue).map {
            VersionRange($0, $0)
          }
          let before = Self.offer(
            steps, odd: nil, output: Self.fingerprint(inputs[place], odd: nil))
          for mine in Self.cuts {
            let own = Self.ranges(mine)
            let run = own.filter { last.versions.contains($0) }
            let expected = last.expectedRowsets(Set(own), among: [before, last])
            var derived = inputs
            if !own.contains(inputs[place]) { derived.replaceSubrange(place...place, with: steps) }
            #expect((expected != nil) == (run == derived), "\(inputs) on \(run)")
            guard let expected else { continue }
            #expect(expected.map(\.fingerprint) == derived.map { Self.fingerprint($0, odd: nil) })
            #expect(expected.allSatisfy { $0.fingerprint.versions.last <= $0.version })
          }
        }
      }
    }
  }

  /// A step whose output is not the input that it should be leads nowhere, nor does one to itself.
  @Test func stepsThatDoNotFitLeadNowhere() {
    let steps = [VersionRange(2, 2), VersionRange(3, 3)]
    let last = Self.offer([VersionRange(2, 3), VersionRange(4, 4)], odd: nil)
    let own = Set([VersionRange(2, 2), VersionRange(3, 3), VersionRange(4, 4)])
    let right = Self.offer(
      steps, odd: nil, output: Self.fingerprint(VersionRange(2, 3), odd: nil))
    let wrong = Self.offer(
      steps, odd: nil, output: Self.fingerprint(VersionRange(2, 3), odd: 3))
    #expect(last.expectedRowsets(own, among: [right])?.count == 3)
    #expect(last.expectedRowsets(own, among: [wrong]) == nil)
    #expect(last.expectedRowsets(own, among: [last]) == nil)
    let itself = Self.offer(
      [VersionRange(2, 3)], odd: nil, output: Self.fingerprint(VersionRange(2, 3), odd: nil))
    #expect(itself.expectedRowsets(own, among: [itself]) == nil)
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

  private static func offer(
    _ inputs: [VersionRange], odd: Int64?, output: RowsetFingerprint? = nil
  ) -> CompactionOffer {
    CompactionOffer(
      id: CompactionOffer.ID(epoch: 1, ordinal: 1), kind: .cumulative, definition: 7,
      inputs: inputs.map { fingerprint($0, odd: odd) },
      versions: VersionRange(inputs[0].first, inputs[inputs.count - 1].last), rowCount: 1,
      segments: output?.segments ?? [], isLinked: false)
  }
}
