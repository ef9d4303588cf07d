import StorageBase
import TabletModel

/// The tablets of a trace at one place of it.
public struct TraceState: Sendable {
  public private(set) var tablets: [TabletID: TracedTablet] = [:]

  /// More would be hostile: sums over a tablet could overflow.
  static let rowsetCountMax = 65_000

  public init() {}

  /// Moves on over an event.
  /// - Throws: `JSONMismatch` for an event that does not fit what came before; nothing has changed
  ///   then.
  public mutating func apply(_ event: TraceEvent) throws(JSONMismatch) {
    let id = event.tablet
    if case .tablet(_, let tablet, _) = event {
      tablets[id] = tablet
      return
    }
    guard let rowsetCount = tablets[id]?.rowsets.count else {
      throw JSONMismatch(expected: "an event \"tablet\" first", found: "another of tablet \(id)")
    }
    switch event {
    case .tablet, .job: break
    case .load(_, let rowset, _):
      guard rowsetCount < Self.rowsetCountMax else {
        throw JSONMismatch(
          expected: "at most \(Self.rowsetCountMax) rowsets of a tablet", found: "one more")
      }
      guard tablets[id]?.load(rowset) == true else {
        let next = tablets[id]?.endVersion ?? Version(0)
        throw JSONMismatch(
          expected: "version \(next) to be loaded next", found: "\(rowset.versions)")
      }
    case .merge(_, let merge):
      guard tablets[id]?.merge(merge) == true else {
        throw JSONMismatch(
          expected: "a merge of whole rowsets, and a point within the tablet",
          found: "\(merge.output.versions), point \(merge.cumulativePoint)")
      }
    case .ask(_, let question):
      if case .newest(let unseen) = question.view, unseen > rowsetCount {
        throw JSONMismatch(
          expected: "at most \(rowsetCount) unseen rowsets", found: "\(unseen)")
      }
    }
  }

  /// The facts of a question, at the place where it stands.
  public func facts(of question: TracedQuestion, tablet: TabletID) -> TabletFacts? {
    tablets[tablet].flatMap { question.facts(of: $0) }
  }
}
