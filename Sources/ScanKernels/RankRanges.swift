/// A set of ranks as sorted, disjoint, non-adjacent closed ranges within a domain: what a
/// comparison, an IN list, or a conjunction of them accepts on one column.
struct RankRanges: Hashable, Sendable {
  typealias Rank = Int128

  let domain: ClosedRange<Rank>
  let ranges: [ClosedRange<Rank>]
  /// What of the domain is in none of the ranges, in the same form.
  let gaps: [ClosedRange<Rank>]

  /// The union of `ranges`, cut to the domain, whose ends must be within `Int128` by one.
  init(_ ranges: [ClosedRange<Rank>], domain: ClosedRange<Rank>) {
    var merged: [ClosedRange<Rank>] = []
    let sorted = ranges.filter { $0.overlaps(domain) }.map { $0.clamped(to: domain) }
      .sorted { $0.lowerBound < $1.lowerBound }
    for range in sorted {
      if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
        let upper = max(last.upperBound, range.upperBound)
        merged[merged.count - 1] = last.lowerBound...upper
      } else {
        merged.append(range)
      }
    }
    self.domain = domain
    self.ranges = merged
    gaps = Self.gaps(between: merged, in: domain)
  }

  static func all(of domain: ClosedRange<Rank>) -> RankRanges {
    RankRanges([domain], domain: domain)
  }

  var isEmpty: Bool { ranges.isEmpty }
  var isAll: Bool { ranges == [domain] }

  var complement: RankRanges { RankRanges(gaps, domain: domain) }

  private static func gaps(
    between ranges: [ClosedRange<Rank>], in domain: ClosedRange<Rank>
  ) -> [ClosedRange<Rank>] {
    var gaps: [ClosedRange<Rank>] = []
    var next = domain.lowerBound
    for range in ranges {
      if next < range.lowerBound { gaps.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= domain.upperBound { gaps.append(next...domain.upperBound) }
    return gaps
  }

  func intersection(_ other: RankRanges) -> RankRanges {
    var common: [ClosedRange<Rank>] = []
    var (mine, theirs) = (ranges[...], other.ranges[...])
    while let a = mine.first, let b = theirs.first {
      if a.overlaps(b) { common.append(a.clamped(to: b)) }
      if a.upperBound < b.upperBound { mine.removeFirst() } else { theirs.removeFirst() }
    }
    return RankRanges(common, domain: domain)
  }

  func union(_ other: RankRanges) -> RankRanges {
    RankRanges(ranges + other.ranges, domain: domain)
  }

  /// The first range that does not end before `rank`; logarithmic.
  private func firstRange(endingAtOrAfter rank: Rank) -> ClosedRange<Rank>? {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < rank { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count ? ranges[low] : nil
  }

  func contains(_ rank: Rank) -> Bool {
    firstRange(endingAtOrAfter: rank).map { $0.lowerBound <= rank } ?? false
  }

  func intersects(_ bounds: ClosedRange<Rank>) -> Bool {
    firstRange(endingAtOrAfter: bounds.lowerBound).map {
      $0.lowerBound <= bounds.upperBound
    } ?? false
  }

  func covers(_ bounds: ClosedRange<Rank>) -> Bool {
    firstRange(endingAtOrAfter: bounds.lowerBound).map {
      $0.lowerBound <= bounds.lowerBound && bounds.upperBound <= $0.upperBound
    } ?? false
  }

  /// The ranks themselves when there are at most `limit`.
  func members(atMost limit: Int) -> [Rank]? {
    var members: [Rank] = []
    for range in ranges {
      guard range.upperBound - range.lowerBound < Rank(limit - members.count) else { return nil }
      members.append(contentsOf: range)
    }
    return members
  }
}
