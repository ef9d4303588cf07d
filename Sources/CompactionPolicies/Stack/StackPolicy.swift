import StorageBase
import TabletModel

/// What a policy that sees a stack wants done with it.
public enum StackChoice: Hashable, Sendable {
  /// Merge the rowsets at these places, which are at least two.
  case merge(Range<Int>, because: String)
  /// Nothing until the stack changes, or until then.
  case rest(until: Timestamp? = nil, because: String)
}

/// A policy that sees a tablet as a stack of rowsets in order of age: that is how nearly all
/// published policies are formulated, so they take a few lines as one of these.
///
/// What the formulation leaves open is settled here alike for all of them.
///
/// - Inputs are neighbours, since a rowset stands for a range of versions.
/// - There is no base: everything is one stack, picks are of the cumulative kind, and the
///   cumulative point stays where it is.
/// - A rowset counts as one sorted run whatever its segments: those of a load that overlap become
///   one when the rowset is first merged.
/// - While a merge of the tablet runs the policy waits, unless it says that it can work on what is
///   free (`worksBesideMerges`): then every stretch of rowsets between running merges is a stack.
public protocol StackPolicy: CataloguedPolicy {
  /// What to do with `stack`. It must be a pure function.
  func choose(_ stack: RowsetStack) -> StackChoice

  /// How pressing a merge of the rowsets at these places is. Unless told, their compaction score.
  func urgency(of range: Range<Int>, in stack: RowsetStack) -> Double

  /// Why the rowsets at some places of a stack are not what is chosen, for people; nil where the
  /// policy has nothing to say.
  func objections(in stack: RowsetStack) -> (Range<Int>) -> PickObjection?

  /// Whether a choice makes sense for a part of a tablet.
  var worksBesideMerges: Bool { get }
  /// Whether merges whose output would be merged again at once are one merge: a carry that runs
  /// through several levels is then written once instead of once for each level.
  var collapsesCascades: Bool { get }
}

extension StackPolicy {
  public var worksBesideMerges: Bool { false }
  public var collapsesCascades: Bool { false }

  public func urgency(of range: Range<Int>, in stack: RowsetStack) -> Double {
    Double(stack.rowsets[range].totalScore)
  }

  public func decide(_ facts: TabletFacts) -> CompactionDecision {
    if let obstacle = facts.mergeObstacle(besideMerges: worksBesideMerges) {
      return .wait(until: nil, because: obstacle)
    }
    var decision: CompactionDecision?
    for stretch in facts.freeStretches {
      let stack = RowsetStack(stretch, of: facts)
      let part = decide(stack)
      decision = decision?.combined(with: part) ?? part
    }
    return decision ?? .wait(until: nil, because: "no rowset that could be merged")
  }

  private func decide(_ stack: RowsetStack) -> CompactionDecision {
    switch choose(stack) {
    case .rest(let until, let reason): return .wait(until: until, because: reason)
    case .merge(let chosen, let reason):
      let range = collapsesCascades ? cascade(from: chosen, in: stack) : chosen
      precondition(range.count > 1, "a merge of \(range.count) rowsets: \(reason)")
      var pick = CompactionPick.merging(stack.rowsets[range], kind: .cumulative)
      pick.urgency = urgency(of: range, in: stack)
      return .compact(
        [pick],
        because: range == chosen ? reason : "\(reason), and the merges that would follow")
    }
  }

  /// The rowsets that would end up in one if the merges that follow from each other were done.
  private func cascade(from chosen: Range<Int>, in stack: RowsetStack) -> Range<Int> {
    var range = chosen
    var merged = stack.merging(range)
    while case .merge(let next, _) = choose(merged), next.contains(range.lowerBound) {
      range = next.lowerBound..<next.upperBound + range.count - 1
      merged = stack.merging(range)
    }
    return range
  }
}

extension TabletFacts {
  /// Why a policy that has one stack and no base can start no merge now, or nil if it can.
  func mergeObstacle(besideMerges: Bool) -> String? {
    if !allowedKinds.contains(.cumulative) { return "no cumulative slot is free" }
    if !besideMerges, !inFlight.isEmpty { return "a compaction is running" }
    return nil
  }

  /// Rowsets between running compactions, each stretch oldest first; without running ones all are
  /// one stretch. The empty rowset a tablet is born with is in none.
  var freeStretches: [[RowsetSummary]] {
    let bornEmpty = rowsets.first?.isEmpty == true
    let loaded = rowsets.dropFirst(bornEmpty ? 1 : 0)
    guard !inFlight.isEmpty else { return loaded.isEmpty ? [] : [Array(loaded)] }
    return loaded.split { isInFlight($0.versions) }.map(Array.init)
  }
}
