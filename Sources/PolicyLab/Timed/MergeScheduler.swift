import TabletModel

/// Who works when: how many merges run, and how they share the bandwidth of the machine.
///
/// Policy and scheduler are separate axes: the first sets how much is written, the second how long
/// loads have to wait for it (Luo and Carey, PVLDB 13(4), 2019).
public struct MergeScheduler: Hashable, Sendable {
  public enum Sharing: String, Hashable, Sendable, CaseIterable {
    /// All merges alike.
    case fair
    /// The merge with least left to do comes first; others get what it leaves, which may be
    /// nothing. Of all ways to run a given set of merges it keeps the number of components least.
    case greedy
  }

  public var sharing: Sharing
  /// Merges of the cumulative kind that may run at a time.
  public var cumulativeSlotCount: Int
  /// Merges of the base and full kinds.
  public var baseSlotCount: Int

  public init(sharing: Sharing = .fair, cumulativeSlotCount: Int = 2, baseSlotCount: Int = 1) {
    precondition(cumulativeSlotCount >= 1 && baseSlotCount >= 1, "each kind needs a slot")
    self.sharing = sharing
    self.cumulativeSlotCount = cumulativeSlotCount
    self.baseSlotCount = baseSlotCount
  }

  func freeKinds(_ running: [MergeJob]) -> Set<CompactionKind> {
    let cumulative = running.count { $0.merge.pick.kind == .cumulative }
    var kinds: Set<CompactionKind> = []
    if cumulative < cumulativeSlotCount { kinds.insert(.cumulative) }
    if running.count - cumulative < baseSlotCount { kinds.formUnion([.base, .full]) }
    return kinds
  }

  /// How fast each merge goes, from 0 to 1, where 1 is as fast as on its own.
  func rates(_ jobs: [MergeJob], bandwidth: Double) -> [Double] {
    guard bandwidth.isFinite else { return jobs.map { _ in 1 } }
    switch sharing {
    case .fair:
      let demand = jobs.reduce(0) { $0 + $1.bytesPerSecond }
      return jobs.map { _ in demand > bandwidth ? bandwidth / demand : 1 }
    case .greedy:
      var rates = jobs.map { _ in 1.0 }
      var left = bandwidth
      for place in jobs.indices.sorted(by: { jobs[$0].secondsLeft < jobs[$1].secondsLeft }) {
        let demand = jobs[place].bytesPerSecond
        if demand > 0 { rates[place] = min(1, max(0, left) / demand) }
        left -= demand * rates[place]
      }
      return rates
    }
  }
}

/// A merge that runs.
struct MergeJob {
  let tablet: Int
  let merge: SimulatedMerge
  let reason: String
  let startedAt: Double
  /// What it reads and writes in a second on its own.
  let bytesPerSecond: Double
  /// Left to do if it had the machine to itself.
  var secondsLeft: Double
}
