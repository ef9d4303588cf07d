/// What is done about loads when compaction does not keep up and versions pile up on a tablet.
///
/// A small pure value; the engine asks it before every load, the simulator may as well.
public enum BackPressure: Hashable, Sendable {
  /// Nothing: no load is ever refused, and readers pay for every version.
  case none
  /// A load is refused at once on a tablet that has reached its limit of versions, as in Apache
  /// Doris (error -235). Below the limit nothing happens.
  case hard
  /// Loads are slowed as a tablet comes close to its limit, so that compaction can catch up before
  /// it is met; a load that finds a tablet at its limit waits for a while, and is refused then.
  case smooth(SmoothSlowing)

  /// The least time between two loads of a tablet in seconds; 0 for no restraint. On a full tablet
  /// it is not 0 unless there is no slowing at all.
  public func intervalSeconds(versionCount: Int, limit: Int) -> Double {
    guard case .smooth(let slowing) = self else { return 0 }
    return slowing.intervalSeconds(versionCount: versionCount, limit: limit)
  }

  /// Whether no further load may go to a tablet now.
  public func isFull(versionCount: Int, limit: Int) -> Bool {
    self != .none && versionCount >= limit
  }

  /// The longest that one load is held back, in seconds.
  public var patienceSeconds: Double {
    guard case .smooth(let slowing) = self else { return 0 }
    return slowing.patienceSeconds
  }
}

/// How much loads are slowed by the versions that wait for compaction.
///
/// All loads of a tablet share one pace, however many writers there are, as those of RocksDB share
/// its delayed write rate. Let `x` be the part of the way from the soft threshold to the limit that
/// a tablet has gone, and `room` the versions between the two. The least interval between loads is
///
///     interval(x) = horizon / room * x² / (1 - x)        for 0 < x < 1, at most the horizon
///
/// It begins without a step, so that tablets that only touch the threshold notice nothing, and it
/// grows beyond bounds towards the limit: near it the versions that are left are spread over the
/// horizon, so that they last until the merges that run now have ended. That is the idea of the
/// spring and gear scheduler of bLSM (Sears and Ramakrishnan, SIGMOD 2012): writers advance no
/// faster than the merges that make room for them. Writers that never rest need
/// `horizon * (ln(room) - 1.5)` to fill a tablet that nobody compacts, about 5 horizons with the
/// defaults. Whatever rate compaction has, there is one `x` at which loads come at that rate, and
/// since the interval only grows with the versions, they settle there.
///
/// Luo and Carey (PVLDB 13(4), 2019) compare such schedulers: holding writes back gains no latency
/// by itself. It is done here for what a queue in front of the engine cannot give: loads are not
/// refused, and readers meet a bounded number of versions.
public struct SmoothSlowing: Hashable, Sendable {
  /// The part of the limit below which nothing is slowed.
  public let softFraction: Double
  /// For how long the last versions before the limit are made to last.
  public let horizonSeconds: Double
  /// The longest that one load is held back.
  public let patienceSeconds: Double

  public static let softFractionRange = 0.0...0.95
  public static let horizonRange = 0.001...3600.0
  public static let patienceRange = 0.0...3600.0

  /// - Precondition: the values are in their ranges.
  public init(
    softFraction: Double = 0.5, horizonSeconds: Double = 10, patienceSeconds: Double = 10
  ) {
    precondition(Self.softFractionRange.contains(softFraction))
    precondition(Self.horizonRange.contains(horizonSeconds))
    precondition(Self.patienceRange.contains(patienceSeconds))
    self.softFraction = softFraction
    self.horizonSeconds = horizonSeconds
    self.patienceSeconds = patienceSeconds
  }

  /// The least time between two loads of a tablet with that many versions.
  public func intervalSeconds(versionCount: Int, limit: Int) -> Double {
    let room = Double(limit) * (1 - softFraction)
    let way = (Double(versionCount) - Double(limit) * softFraction) / room
    guard way > 0 else { return 0 }
    guard way < 1 else { return horizonSeconds }
    return min(horizonSeconds, horizonSeconds / room * way * way / (1 - way))
  }
}
