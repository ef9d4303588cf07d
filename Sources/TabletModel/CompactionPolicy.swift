import StorageBase

/// What a policy wants done now, and why.
public enum CompactionDecision: Hashable, Sendable {
  /// Merge these; several picks are disjoint and may run at the same time.
  case compact([CompactionPick], because: String)
  /// Nothing now. Ask again once the rowsets have changed, and at `until` if that comes first.
  case wait(until: Timestamp?, because: String)
}

/// Decides what to compact. A policy is a small pure value: the same one drives the engine, the
/// simulator, `explain` and the replay of traces, and equal facts give equal decisions.
///
/// The engine validates every pick, so a wrong policy wastes work but cannot lose a row.
public protocol CompactionPolicy: Sendable {
  /// Where the policy stands among all policies; goes into the CSV.
  var designPoint: DesignPoint { get }

  /// What to merge now. Called after every change of the rowsets and whenever a slot gets free;
  /// should be linear in the number of rowsets.
  func decide(_ facts: TabletFacts) -> CompactionDecision

  /// Where the cumulative point of a new or reopened tablet lies.
  func initialCumulativePoint(_ facts: TabletFacts) -> Version

  /// Where the cumulative point moves once `pick` has produced `output`. `facts` are those the
  /// pick was made on. The point never moves back.
  func cumulativePoint(
    after pick: CompactionPick, output: RowsetSummary, in facts: TabletFacts
  ) -> Version

  /// Why ranges of rowsets that `decide` does not pick on these facts are left alone, for people.
  ///
  /// The function returned is given picks that could be carried out, each of the kind that its
  /// place in the tablet calls for; nil where the policy has nothing to say. It has no influence on
  /// anything.
  func objections(on facts: TabletFacts) -> (CompactionPick) -> PickObjection?
}

extension CompactionPolicy {
  /// Everything after the empty rowset a tablet is born with is cumulative.
  public func initialCumulativePoint(_ facts: TabletFacts) -> Version { Version.initial.next }

  /// Stays where it is.
  public func cumulativePoint(
    after pick: CompactionPick, output: RowsetSummary, in facts: TabletFacts
  ) -> Version { facts.cumulativePoint }
}

/// The coordinates of a policy in the design space of Sarkar et al. (PVLDB 14(11), 2021), plus
/// the adjacency constraint. Free words, the same ones for the same thing across policies.
public struct DesignPoint: Hashable, Sendable, Codable {
  /// What sets a compaction off: "run count", "level saturation", "bytes", "never", …
  public var trigger: String
  /// How runs are laid out: "tiering", "leveling", "single run", "size-ratio stack", …
  public var layout: String
  /// How much one compaction takes: "whole tablet", "suffix", "window", …
  public var granularity: String
  /// Which candidate is taken first: "oldest", "smallest", "n/a", …
  public var movement: String
  /// Whether inputs must be neighbours in version order.
  public var adjacency: String

  public init(
    trigger: String, layout: String, granularity: String, movement: String,
    adjacency: String = "adjacent"
  ) {
    self.trigger = trigger
    self.layout = layout
    self.granularity = granularity
    self.movement = movement
    self.adjacency = adjacency
  }
}
