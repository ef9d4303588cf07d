import StorageBase
import TabletModel

/// A moment of a trace that somebody wants explained.
public struct TraceQuery: Sendable {
  /// What was asked then, or would have been.
  public struct Answer: Sendable {
    public let tablet: TabletID
    public let facts: TabletFacts
    /// What the recorded policy answered; nil if it was not asked.
    public let recorded: CompactionDecision?
  }

  /// When the trace begins; times of people count from there.
  public let start: Timestamp
  /// The latest time in it.
  public let end: Timestamp
  private let trace: CompactionTrace

  public init(_ trace: CompactionTrace) {
    self.trace = trace
    end = trace.events.map(\.at).max() ?? Timestamp(rawValue: 0)
    start = trace.events.first?.at ?? Timestamp(rawValue: 0)
  }

  /// The last question at or before `time`: about this tablet if one is given, else about any; with
  /// a free slot of this kind, if one is given. Where nobody asked, the tablet as it was then, with
  /// every slot free.
  /// - Throws: `StorageError.invalidArgument` when there is no such tablet by then.
  public func answer(
    at time: Timestamp, tablet: TabletID?, kind: CompactionKind?
  ) throws -> Answer {
    var answer: Answer?
    var latest: TabletID?
    var state = TraceState()
    // Times of neighbouring lines may be out of order, states are not.
    let last = trace.events.lastIndex { $0.at <= time } ?? -1
    for event in trace.events.prefix(last + 1) {
      try state.apply(event)
      guard tablet == nil || event.tablet == tablet else { continue }
      latest = event.tablet
      guard case .ask(let id, let question) = event, question.now <= time,
        kind == nil || question.allowedKinds.contains(where: { $0 == kind }),
        let facts = state.facts(of: question, tablet: id)
      else { continue }
      answer = Answer(tablet: id, facts: facts, recorded: question.decision)
    }
    if let answer { return answer }
    guard let id = latest, let tablet = state.tablets[id] else {
      let known = Set(trace.events.map { "\($0.tablet)" }).sorted().joined(separator: ", ")
      throw StorageError.invalidArgument(
        name: "moment", value: "\(time.seconds(since: start)) s",
        reason: "nothing is known of \(tablet.map { "tablet \($0)" } ?? "any tablet") by then; "
          + "the trace has tablets \(known.isEmpty ? "none" : known)")
    }
    return Answer(tablet: id, facts: tablet.facts(now: time), recorded: nil)
  }
}
