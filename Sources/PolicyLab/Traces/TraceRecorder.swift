import StorageBase
import TabletModel

/// Makes the events of a trace from what an engine or a simulator sees of its tablets.
///
/// It is told the newest state of a tablet whenever that may have changed, and every question; it
/// finds out itself what is new, so that nothing depends on being told of each change, or in which
/// order threads come. Not thread-safe.
public struct TraceRecorder: Sendable {
  private var known: [TabletID: TracedTablet] = [:]

  public init() {}

  /// What is new of a tablet.
  /// - Parameter facts: as they are now; never older ones than before.
  public mutating func note(_ facts: TabletFacts, of tablet: TabletID) -> [TraceEvent] {
    let new = TracedTablet(facts)
    guard let old = known.updateValue(new, forKey: tablet) else {
      return [.tablet(tablet, new, at: facts.now)]
    }
    guard old != new else { return [] }
    return old.changes(to: new, of: tablet, seenAt: facts.now) ?? [
      .tablet(tablet, new, at: facts.now)
    ]
  }

  /// A question and its answer, after `note` has been told of the tablet.
  /// - Parameter facts: those the policy was given, which may be older than what is known.
  public func asked(
    _ facts: TabletFacts, of tablet: TabletID, decision: CompactionDecision
  ) -> TraceEvent {
    .ask(
      tablet,
      TracedQuestion(
        view: view(TracedTablet(facts), of: tablet), now: facts.now,
        allowedKinds: facts.allowedKinds, inFlight: facts.inFlight, entropy: facts.entropy,
        traffic: facts.traffic,
        decision: decision))
  }

  private func view(_ seen: TracedTablet, of tablet: TabletID) -> TracedQuestion.View {
    guard let newest = known[tablet] else { return .other(seen) }
    let unseen = newest.rowsets.count - seen.rowsets.count
    guard unseen >= 0, newest.dropping(newest: unseen) == seen else { return .other(seen) }
    return .newest(unseen: unseen)
  }
}

extension TracedTablet {
  /// The loads and the merge that lead from this state to `new`; nil if it takes more, or if that
  /// state is not a later one.
  fileprivate func changes(
    to new: TracedTablet, of tablet: TabletID, seenAt: Timestamp
  ) -> [TraceEvent]? {
    var old = rowsets[...]
    var outputs: [RowsetSummary] = []
    var loads: [RowsetSummary] = []
    for rowset in new.rowsets {
      if let first = old.first, first == rowset {
        old.removeFirst()
      } else if !old.isEmpty {
        guard let last = old.firstIndex(where: { $0.versions.last == rowset.versions.last })
        else { return nil }
        old = old[(last + 1)...]
        outputs.append(rowset)
      } else {
        loads.append(rowset)
      }
    }
    guard old.isEmpty, outputs.count <= 1 else { return nil }
    var events: [TraceEvent] = []
    var state = self
    for load in loads {
      guard state.load(load) else { return nil }
      events.append(.load(tablet, load, visibleAt: max(seenAt, load.createdAt)))
    }
    if let output = outputs.first {
      guard let (kind, at) = new.newestSuccess(since: self) else { return nil }
      let merge = TracedMerge(
        kind: kind, output: output, cumulativePoint: new.cumulativePoint, at: at,
        visibleAt: max(seenAt, at))
      guard state.merge(merge) else { return nil }
      events.append(.merge(tablet, merge))
    }
    return state == new ? events : nil
  }

  /// The kind of which a merge succeeded last; nil if that cannot be said, because clocks are
  /// coarse.
  private func newestSuccess(since old: TracedTablet) -> (CompactionKind, Timestamp)? {
    let changed = lastSuccessAt.filter { $0.value != old.lastSuccessAt[$0.key] }
    let latest = lastSuccessAt.values.max()
    let candidates = changed.isEmpty ? lastSuccessAt.filter { $0.value == latest } : changed
    guard candidates.count == 1, let (kind, at) = candidates.first else { return nil }
    return (kind, at)
  }
}
