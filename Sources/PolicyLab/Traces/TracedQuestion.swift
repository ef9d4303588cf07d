import StorageBase
import TabletModel

/// A policy was asked: what it saw beside the tablet, and what it answered.
public struct TracedQuestion: Hashable, Sendable {
  /// Which state of the tablet the policy saw.
  public enum View: Hashable, Sendable {
    /// All that the trace has said so far, but for so many of the newest rowsets.
    case newest(unseen: Int)
    /// Another one: a merge became visible while the question was on its way.
    case other(TracedTablet)
  }

  public var view: View
  public var now: Timestamp
  public var allowedKinds: Set<CompactionKind>
  public var inFlight: [VersionRange]
  public var entropy: UInt64
  public var traffic: TabletTraffic?
  public var decision: CompactionDecision

  public init(
    view: View, now: Timestamp, allowedKinds: Set<CompactionKind>, inFlight: [VersionRange],
    entropy: UInt64, traffic: TabletTraffic?, decision: CompactionDecision
  ) {
    self.view = view
    self.now = now
    self.allowedKinds = allowedKinds
    self.inFlight = inFlight
    self.entropy = entropy
    self.traffic = traffic
    self.decision = decision
  }

  /// The facts as they were, down to the last bit.
  /// - Parameter tablet: as the trace has it at this place.
  /// - Returns: nil if there are not as many rowsets as were not seen.
  public func facts(of tablet: TracedTablet) -> TabletFacts? {
    let seen: TracedTablet
    switch view {
    case .newest(let unseen):
      guard (0...tablet.rowsets.count).contains(unseen) else { return nil }
      seen = tablet.dropping(newest: unseen)
    case .other(let other): seen = other
    }
    var facts = seen.facts(now: now)
    facts.allowedKinds = allowedKinds
    facts.inFlight = inFlight
    facts.entropy = entropy
    facts.traffic = traffic
    return facts
  }
}
